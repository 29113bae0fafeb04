/// The meaning of a status label's values: failure, success or unknown.
///
/// A value is a success only if `ok` names it, or if it belongs to a vocabulary (HTTP statuses, gRPC
/// codes, single digits) of which `failing` names the failures. gRPC codes are taken for such only
/// if no word of `failing` and `ok` is an own one: `aborted` and `internal` are words of others, too.
/// Any other value is unknown, and the rate is then missing data.
/// Sources: RFC 9110 §15, the gRPC status codes, and Envoy's `response_code_class`, which is one
/// digit.
public struct StatusWords: Sendable, Hashable {
    enum Meaning: Sendable, Hashable {
        case failing, ok
        /// Not understood.
        case unknown
    }

    /// Patterns: an exact word, a gRPC code in any spelling, a range such as `500-599`, a status in
    /// which `x` stands for any digit (`5xx`, `50x`, `503`), or a digit for the class of statuses.
    public let failing: [String]
    public let ok: [String]
    private let patterns: (failing: [Pattern], ok: [Pattern])
    /// Whether other HTTP statuses, gRPC codes and single digits are successes.
    private let takesStatuses: Bool
    private let takesGRPC: Bool
    private let takesDigits: Bool

    public init(failing: [String] = ["5xx"], ok: [String] = []) {
        self.failing = failing
        self.ok = ok
        patterns = (failing.map(Pattern.init), ok.map(Pattern.init))
        takesDigits = patterns.failing.contains { $0.isDigit }
        takesStatuses = patterns.failing.contains { $0.isStatus }
        takesGRPC =
            patterns.failing.contains { $0.isGRPC }
            && (patterns.failing + patterns.ok).allSatisfy { $0.isGRPC || $0.isStatus }
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
            // A class such as `5xx` is unknown if only some of its statuses are failures.
            let isCut = patterns.failing.contains { $0.overlaps(span) }
            return isCut || !takesStatuses ? .unknown : .ok
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
        /// A digit for a class of statuses, as in Envoy.
        case digit(UInt8)
        /// A status with an `x` before a digit.
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
            } else if let digit = StatusWords.digit(bytes) {
                self = .digit(digit)
            } else if let code = StatusWords.grpcCode(text) {
                self = .grpc(code)
            } else {
                self = .word(bytes)
            }
        }

        var isGRPC: Bool { if case .grpc = self { true } else { false } }
        var isDigit: Bool { if case .digit = self { true } else { false } }
        var isStatus: Bool {
            switch self {
            case .statuses, .wildcard, .digit: true
            case .word, .grpc: false
            }
        }

        func takes(_ value: [UInt8]) -> Bool {
            switch self {
            case .digit(let digit):
                return value == [digit]
                    || StatusWords.span(value) != nil && value.first == digit
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

        /// Whether it matches some of the statuses.
        func overlaps(_ span: ClosedRange<Int>) -> Bool {
            switch self {
            case .word, .grpc, .digit: false
            case .statuses(let range): range.overlaps(span)
            case .wildcard: span.contains { takes(Array(String($0).utf8)) }
            }
        }
    }

    /// The statuses that a value stands for: one for `503`, ten for `50x`, a hundred for `5xx` (in
    /// any case); nil if it is not an HTTP status.
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

    /// A single digit for a class, as in Envoy.
    private static func digit(_ value: [UInt8]) -> UInt8? {
        value.count == 1 && (0x31...0x35).contains(value[0]) ? value[0] : nil
    }

    /// The name of a gRPC status code in lower case without underscores; nil for other texts.
    ///
    /// `DEADLINE_EXCEEDED` equals `DeadlineExceeded`, and `canceled` equals `cancelled`.
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
