/// What the values of a counter's status label mean: a failure, a success, or nothing known.
///
/// A value counts as a success only where it is understood: `failing` and `ok` name it, or it
/// belongs to a vocabulary whose other words they use. Whatever else a page shows is no status,
/// and the rate is missing data. Sources: RFC 9110 §15 for statuses, the gRPC status codes, and
/// Envoy's `response_code_class`, which is one digit.
public struct StatusWords: Sendable, Hashable {
    enum Meaning: Sendable, Hashable {
        case failing, ok
        /// Not understood.
        case unknown
    }

    /// Patterns: a word taken exactly, a gRPC code in any spelling, a range `500-599`, or a
    /// status in which `x` stands for any digit (`5xx`, `50x`, `503`).
    public let failing: [String]
    public let ok: [String]
    private let patterns: (failing: [Pattern], ok: [Pattern])
    /// Other words of these vocabularies are successes.
    private let takesGRPC: Bool
    private let takesDigits: Bool

    public init(failing: [String] = ["5xx"], ok: [String] = []) {
        self.failing = failing
        self.ok = ok
        patterns = (failing.map(Pattern.init), ok.map(Pattern.init))
        let all = failing + ok
        takesGRPC = all.contains { Self.grpcCode($0) != nil }
        takesDigits = all.contains { Self.digit(Array($0.utf8)) != nil }
    }

    public static func == (a: Self, b: Self) -> Bool { a.failing == b.failing && a.ok == b.ok }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(failing)
        hasher.combine(ok)
    }

    func meaning(of value: [UInt8]) -> Meaning {
        if patterns.failing.contains(where: { $0.takes(value) }) { return .failing }
        if patterns.ok.contains(where: { $0.takes(value) }) { return .ok }
        if let span = Self.span(value) {
            // A class of which only some statuses are failures says neither.
            let isCut = patterns.failing.contains { $0.overlaps(span) }
            return isCut ? .unknown : .ok
        }
        if takesDigits, Self.digit(value) != nil { return .ok }
        if takesGRPC, Self.grpcCode(String(decoding: value, as: UTF8.self)) != nil { return .ok }
        return .unknown
    }

    // MARK: - Words

    private enum Pattern: Sendable {
        case word([UInt8])
        case grpc(String)
        case statuses(ClosedRange<Int>)
        /// A status with an `x` that is not at its end.
        case wildcard([UInt8])

        init(_ text: String) {
            let bytes = Array(text.utf8)
            let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            if let span = StatusWords.span(bytes) {
                self = .statuses(span)
            } else if ends.count == 2, let low = StatusWords.status(Array(ends[0].utf8)),
                let high = StatusWords.status(Array(ends[1].utf8)), low <= high
            {
                self = .statuses(low...high)
            } else if bytes.count == 3, bytes.contains(where: StatusWords.isX),
                bytes.allSatisfy({ StatusWords.isX($0) || StatusWords.isDigit($0) })
            {
                self = .wildcard(bytes)
            } else if let code = StatusWords.grpcCode(text) {
                self = .grpc(code)
            } else {
                self = .word(bytes)
            }
        }

        func takes(_ value: [UInt8]) -> Bool {
            switch self {
            case .word(let word): return word == value
            case .grpc(let code):
                return StatusWords.grpcCode(String(decoding: value, as: UTF8.self)) == code
            case .statuses(let range):
                guard let span = StatusWords.span(value) else { return false }
                return range.contains(span.lowerBound) && range.contains(span.upperBound)
            case .wildcard(let pattern):
                return pattern.count == value.count
                    && zip(pattern, value).allSatisfy { expected, byte in
                        expected == byte || StatusWords.isX(expected) && StatusWords.isDigit(byte)
                    }
            }
        }

        /// Whether it takes a part of the statuses.
        func overlaps(_ span: ClosedRange<Int>) -> Bool {
            switch self {
            case .word, .grpc: false
            case .statuses(let range): range.overlaps(span)
            case .wildcard: span.contains { takes(Array(String($0).utf8)) }
            }
        }
    }

    /// The statuses that a value stands for: `503` for one, `5xx` (any case) for a class, `50x`
    /// for ten; nil where it is no HTTP status.
    private static func span(_ value: [UInt8]) -> ClosedRange<Int>? {
        guard value.count == 3, (0x31...0x35).contains(value[0]) else { return nil }
        let hundreds = Int(value[0] - 0x30) * 100
        switch (value[1], value[2]) {
        case (let a, let b) where isX(a) && isX(b): return hundreds...(hundreds + 99)
        case (let a, let b) where isDigit(a) && isX(b):
            let tens = hundreds + Int(a - 0x30) * 10
            return tens...(tens + 9)
        default: return status(value).map { $0...$0 }
        }
    }

    private static func status(_ value: [UInt8]) -> Int? {
        guard value.count == 3, (0x31...0x35).contains(value[0]), value.allSatisfy(isDigit) else {
            return nil
        }
        return value.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// One digit that names a class, as Envoy writes it.
    private static func digit(_ value: [UInt8]) -> UInt8? {
        value.count == 1 && (0x31...0x35).contains(value[0]) ? value[0] : nil
    }

    /// A gRPC status code's name without case and underscores: `DEADLINE_EXCEEDED` and
    /// `DeadlineExceeded` are one; both spellings of `cancelled` are.
    private static func grpcCode(_ text: String) -> String? {
        guard text.utf8.count <= 20 else { return nil }
        var name = text.lowercased()
        name.removeAll { $0 == "_" }
        if name == "canceled" { name = "cancelled" }
        return grpcCodes.contains(name) ? name : nil
    }

    private static let grpcCodes: Set<String> = [
        "ok", "cancelled", "unknown", "invalidargument", "deadlineexceeded", "notfound",
        "alreadyexists", "permissiondenied", "resourceexhausted", "failedprecondition", "aborted",
        "outofrange", "unimplemented", "internal", "unavailable", "dataloss", "unauthenticated",
    ]

    private static func isX(_ byte: UInt8) -> Bool { byte | 0x20 == UInt8(ascii: "x") }
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
}
