import JSONScan

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How often each value of one top-level field occurs in a segment, member by member.
///
/// Keeps a dictionary until there are too many values, and the smallest and
/// largest number as long as all are numbers. Not thread-safe.
struct FieldTally {
    /// The key's bytes between the quotes.
    let key: [UInt8]
    /// The values as they stand in the lines, quotes included; a value's place is its code.
    private(set) var values: [[UInt8]] = []
    /// Lines of the segment by code.
    private(set) var totals: [Int] = []
    /// Per ended member: how many codes, then the distance to the code before and
    /// its lines, for each.
    private(set) var detail = ByteWriter()
    /// Per ended member; the low is above the high in one without numbers.
    private(set) var ranges: [NumberRange]
    private(set) var hasDictionary = true
    private(set) var hasRange = true

    private var codes: [UInt64: Int] = [:]
    private var current: [Int] = []
    private var touched: [Int] = []
    private var range = NumberRange.none

    /// A field with more values has no dictionary.
    static let mostValues = 1024
    /// Nor has one with a longer value.
    static let longestValue = 128

    /// `members`: how many ended before the field was first seen.
    init(key: [UInt8], members: Int) {
        self.key = key
        ranges = Array(repeating: .none, count: members)
        for _ in 0..<members { detail.write(varint: 0) }
    }

    /// Notes the value that one line has.
    mutating func note(_ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer) {
        switch value.kind {
        case .object, .array:
            // A path may lead into it: nothing can be said of the field.
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
        // Two values of one hash: too rare to keep apart, too wrong to mix.
        guard values[code].count == raw.count,
            raw.isEmpty || raw.baseAddress.map({ memcmp($0, values[code], raw.count) }) == 0
        else { return dropDictionary() }
        if current[code] == 0 { touched.append(code) }
        current[code] += 1
        totals[code] += 1
    }

    /// Says nothing of the field any more.
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

/// From the smallest to the largest of some numbers.
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

    /// Whether a number of the range may satisfy `term`.
    func mayHold(_ comparison: Expression.Operator, _ number: Double) -> Bool {
        if isEmpty { return false }
        switch comparison {
        case .equal: return low <= number && number <= high
        case .greater: return high > number
        case .less: return low < number
        case .notEqual, .contains: return true
        }
    }
}
