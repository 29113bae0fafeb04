public import JSON

/// A whole number from 0 to 1,000,000,000: an attempt number, a limit, or a number of lines.
///
/// Every count in an event has this range. The log rejects a new line with a count outside it;
/// in a stored line, such a count reads as missing.
public struct Count: Sendable, Hashable, Comparable {
    public static let range = 0...1_000_000_000
    public static let max = Count(clamping: range.upperBound)

    /// Within `range`.
    public let value: Int

    /// Returns nil if the number is outside the range.
    public init?(exactly number: some BinaryInteger) {
        guard let value = Int(exactly: number), Self.range.contains(value) else { return nil }
        self.value = value
    }

    /// Clamps the number to the range.
    public init(clamping number: some BinaryInteger) {
        value = Swift.min(Swift.max(Int(clamping: number), 0), Self.range.upperBound)
    }

    public static func < (a: Count, b: Count) -> Bool { a.value < b.value }

    /// The text that error messages use for a valid count.
    public static let expected =
        "a whole number from \(range.lowerBound) to \(range.upperBound)"

    /// The result of reading a JSON value as a count.
    public enum Reading: Sendable, Equatable {
        case count(Count)
        /// A whole number outside the range.
        case outside
        /// Not a whole number.
        case other
    }

    /// Reads a number, or a string that contains one.
    public static func read(
        _ value: JSONScanner.Slice, in bytes: UnsafeRawBufferPointer
    ) -> Reading {
        switch value.kind {
        case .number:
            value.integer(in: bytes).map(reading) ?? reading(value.number(in: bytes) ?? .nan)
        case .string: read(digits: value.text(in: bytes) ?? "")
        default: .other
        }
    }

    /// Reads a number, or a string that contains one, from a JSON tree.
    public static func read(_ value: JSONValue) -> Reading {
        switch value {
        case .number: value.integer.map(reading) ?? reading(value.double ?? .nan)
        case .string(let text): read(digits: text)
        default: .other
        }
    }

    private static func read(digits text: String) -> Reading {
        if let whole = Int64(text) { return reading(whole) }
        let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
        return !digits.isEmpty && digits.utf8.allSatisfy { $0 &- 0x30 < 10 } ? .outside : .other
    }

    /// Classifies a number that does not fit `Int64`.
    private static func reading(_ number: Double) -> Reading {
        number.rounded() == number ? .outside : .other
    }

    private static func reading(_ whole: Int64) -> Reading {
        Count(exactly: whole).map(Reading.count) ?? .outside
    }
}

/// A member outside `EventField` that contains a count in events of certain names.
///
/// In events of other names the member may have any meaning.
public enum CountMember: String, Sendable, CaseIterable {
    case run, unmeasured, count, lines
    case runCount = "run_count"
    case failureLimit = "failure_limit"
    case inconclusiveLimit = "inconclusive_limit"

    public init?(_ key: JSONScanner.Slice, in line: UnsafeRawBufferPointer) {
        guard let found = Self.allCases.first(where: { key.isText($0.rawValue, in: line) }) else {
            return nil
        }
        self = found
    }

    /// Whether the member is a count in events of this name.
    public func isCount(inEventsNamed name: String) -> Bool {
        switch self {
        case .run, .runCount, .failureLimit, .inconclusiveLimit, .unmeasured:
            name.hasPrefix("analysis.") || name == EventName.requestRefused
        case .count, .lines: name == EventName.logShed || name == EventName.logGap
        }
    }

    /// Returns why a line with this value is invalid where the member is a count.
    ///
    /// Returns nil if the value is a count or not a number.
    public func fault(
        of value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) -> EventFault? {
        guard value.kind == .number else { return nil }
        if case .count = Count.read(value, in: line) { return nil }
        return .outside(field: rawValue, expected: Count.expected, value: value, in: line)
    }
}

/// The source of a line.
public enum LineOrigin: Sendable {
    /// A sender: a number or time outside its range is an error.
    case sender
    /// The log, which may contain lines of earlier versions: a count outside its range reads as
    /// missing.
    case log
}

extension JSONValue {
    /// The number, if it is a valid count.
    public var count: Count? { integer.flatMap { Count(exactly: $0) } }
}
