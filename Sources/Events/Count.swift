public import JSONScan

/// A whole number from 0 to 1,000,000,000: an attempt's number, a limit, a number of lines.
///
/// Every count that an event carries is one. The log refuses a new line whose count is beyond
/// the range; readers treat such a count in a line of an earlier version as missing.
public struct Count: Sendable, Hashable, Comparable {
    public static let range = 0...1_000_000_000
    public static let max = Count(clamping: range.upperBound)

    /// Within `range`.
    public let value: Int

    /// nil when the number is beyond the range.
    public init?(exactly number: some BinaryInteger) {
        guard let value = Int(exactly: number), Self.range.contains(value) else { return nil }
        self.value = value
    }

    /// The number, or the end of the range that it lies beyond.
    public init(clamping number: some BinaryInteger) {
        value = Swift.min(Swift.max(Int(clamping: number), 0), Self.range.upperBound)
    }

    public static func < (a: Count, b: Count) -> Bool { a.value < b.value }

    /// What a count must be, as faults say it.
    public static let expected =
        "a whole number from \(range.lowerBound) to \(range.upperBound)"

    /// What a JSON value says where a count belongs.
    public enum Reading: Sendable, Equatable {
        case count(Count)
        /// A whole number beyond the range.
        case outside
        /// No whole number.
        case other
    }

    /// Reads a number, or a string that holds one.
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

    /// The same of a value that stands alone.
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

    /// Of a number that is no `Int64`.
    private static func reading(_ number: Double) -> Reading {
        number.rounded() == number ? .outside : .other
    }

    private static func reading(_ whole: Int64) -> Reading {
        Count(exactly: whole).map(Reading.count) ?? .outside
    }
}

/// A member beside those of `EventField` that holds a count, in events of some names; events
/// of other names may use the same member for anything.
public enum CountMember: String, Sendable, CaseIterable {
    case run, unmeasured, count, lines
    case runCount = "run_count"
    case failureLimit = "failure_limit"

    public init?(_ key: JSONScanner.Slice, in line: UnsafeRawBufferPointer) {
        guard let found = Self.allCases.first(where: { key.isText($0.rawValue, in: line) }) else {
            return nil
        }
        self = found
    }

    /// Whether it is a count in events of this name.
    public func isCount(inEventsNamed name: String) -> Bool {
        switch self {
        case .run, .runCount, .failureLimit, .unmeasured:
            name.hasPrefix("analysis.") || name == EventName.requestRefused
        case .count, .lines: name == EventName.logShed || name == EventName.logGap
        }
    }

    /// Why a line with this member can't be accepted in events of some names; nil when its
    /// value is a count, or no number at all.
    public func fault(
        of value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) -> EventFault? {
        guard value.kind == .number else { return nil }
        if case .count = Count.read(value, in: line) { return nil }
        return .outside(field: rawValue, expected: Count.expected, value: value, in: line)
    }
}

/// Where a line comes from.
public enum LineOrigin: Sendable {
    /// A sender: a number or a time beyond its range is a fault.
    case sender
    /// The log, perhaps written by an earlier version: a count beyond its range reads as missing.
    case log
}

extension JSONValue {
    /// The number when it is a count.
    public var count: Count? { integer.flatMap { Count(exactly: $0) } }
}
