/// The clock of a time zone: its offset from UTC at any moment.
///
/// Either a fixed offset, or read from a TZif file (RFC 9636) of the system's tzdata. A pure value.
public struct ZoneRules: Sendable, Hashable {
    /// The zone's name, `Europe/Berlin`; empty for a fixed offset.
    public let name: String
    /// Moments at which the offset changes, seconds since 1970, ascending.
    private let changes: [Int64]
    /// Seconds east of UTC from each change on.
    private let offsets: [Int]
    /// Before the first change.
    private let first: Int
    /// After the last change; nil: as the last change left it.
    private let yearly: YearlyRule?

    /// The same offset always, in minutes east of UTC.
    public init(offsetMinutes: Int) {
        self.init(name: "", changes: [], offsets: [], first: offsetMinutes * 60, yearly: nil)
    }

    init(name: String, changes: [Int64], offsets: [Int], first: Int, yearly: YearlyRule?) {
        self.name = name
        self.changes = changes
        self.offsets = offsets
        self.first = first
        self.yearly = yearly
    }

    /// Minutes east of UTC; nil for a named zone.
    public var fixedMinutes: Int? { name.isEmpty ? first / 60 : nil }

    /// Seconds east of UTC at `seconds` since 1970.
    public func offset(at seconds: Int64) -> Int {
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        if low == changes.count, let yearly { return yearly.offset(at: seconds) }
        return low == 0 ? first : offsets[low - 1]
    }

    /// The moment at which clocks show a local time, both in seconds since 1970.
    ///
    /// A time that clocks show twice, when they are set back, is the first of the two, or the
    /// last where `isLast`. One that they skip, when they are set forward, is as long after the
    /// change as it would have been without.
    public func moment(local: Int64, isLast: Bool = false) -> Int64 {
        // No zone is more than 26 hours from itself a day before or after.
        let before = Int64(offset(at: local - 93_600))
        let after = Int64(offset(at: local + 93_600))
        let fitting = [local - before, local - after].filter {
            local - $0 == Int64(offset(at: $0))
        }
        return (isLast ? fitting.max() : fitting.min()) ?? local - before
    }
}

extension Int64 {
    /// Rounded towards the past; `divisor` is positive.
    func dividedDown(by divisor: Int64) -> Int64 {
        let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient - 1 : quotient
    }
}
