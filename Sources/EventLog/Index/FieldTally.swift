import Events
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Counts the values of one top-level field in a segment, for each member.
///
/// Keeps a dictionary unless there are too many values, and the smallest and largest number as
/// long as all values are numbers or null. Not thread-safe.
struct FieldTally {
    /// The key's bytes between the quotes.
    let key: [UInt8]
    /// The raw JSON values, quotes included. A value's code is its index.
    private(set) var values: [[UInt8]] = []
    /// Number of lines in the segment, by code.
    private(set) var totals: [Int] = []
    /// For each finished member: the number of codes, then for each code the difference from the
    /// previous code and its number of lines.
    private(set) var detail = ByteWriter()
    /// For each finished member; `low` is above `high` for a member without numbers.
    private(set) var ranges: [NumberRange]
    private(set) var hasDictionary = true
    private(set) var hasRange = true
    /// The number of the last line that had the field; set by the caller.
    var lastLine: UInt64 = 0

    private var codes: [UInt64: Int] = [:]
    private var current: [Int] = []
    private var touched: [Int] = []
    private var range = NumberRange.none

    /// A field with more values has no dictionary.
    static let mostValues = 1024
    /// A field with a longer value has no dictionary.
    static let longestValue = 128

    /// - Parameter members: Number of members finished before the field was first seen.
    init(key: [UInt8], members: Int) {
        self.key = key
        ranges = Array(repeating: .none, count: members)
        for _ in 0..<members { detail.write(varint: 0) }
    }

    /// Adds the field's value in one line.
    mutating func note(_ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer) {
        switch value.kind {
        case .object, .array:
            // A path may lead into the value, so the index cannot decide such queries.
            return silence()
        case .number:
            if hasRange {
                if let number = value.quickNumber(in: line) {
                    range.include(number)
                } else {
                    hasRange = false
                }
            }
        case .null: break
        case .string, .bool: hasRange = false
        }
        if hasDictionary {
            count(UnsafeRawBufferPointer(rebasing: line[value.range]))
        }
    }

    private mutating func count(_ raw: UnsafeRawBufferPointer) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in raw { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        guard let code = codes[hash] else {
            guard values.count < Self.mostValues, raw.count <= Self.longestValue else {
                return dropDictionary()
            }
            codes[hash] = values.count
            touched.append(values.count)
            values.append(Array(raw))
            totals.append(1)
            current.append(1)
            return
        }
        // A hash collision: too rare to handle, but the counts must not be merged.
        guard values[code].count == raw.count,
            raw.isEmpty || raw.baseAddress.map({ memcmp($0, values[code], raw.count) }) == 0
        else { return dropDictionary() }
        if current[code] == 0 { touched.append(code) }
        current[code] += 1
        totals[code] += 1
    }

    /// Discards everything known about the field.
    mutating func silence() {
        dropDictionary()
        hasRange = false
    }

    private mutating func dropDictionary() {
        hasDictionary = false
        (values, totals, codes, current, touched) = ([], [], [:], [], [])
        detail = ByteWriter()
    }

    mutating func endMember() {
        ranges.append(range)
        range = .none
        guard hasDictionary else { return }
        touched.sort()
        detail.write(varint: touched.count)
        var before = 0
        for code in touched {
            detail.write(varint: code - before)
            detail.write(varint: current[code])
            before = code
            current[code] = 0
        }
        touched.removeAll(keepingCapacity: true)
    }
}

/// The range from the smallest to the largest of some numbers.
struct NumberRange: Sendable, Equatable {
    var low: Double
    var high: Double

    static let none = NumberRange(low: .infinity, high: -.infinity)

    var isEmpty: Bool { !(low <= high) }

    mutating func include(_ number: Double) {
        low = min(low, number)
        high = max(high, number)
    }

    mutating func include(_ other: NumberRange) {
        low = min(low, other.low)
        high = max(high, other.high)
    }

    /// Whether a number in the range may satisfy the term.
    func mayHold(_ term: Filter.Term) -> Bool {
        !isEmpty && term.mayHold(low: low, high: high) ?? true
    }
}
