/// One rule of a policy: a signal's limits, and what breaking them means.
///
/// The check's `id` is the name of the signal it judges. For `canary.x` the
/// signal `stable.x` is its baseline.
public struct Check: Sendable, Hashable {
    /// The side of a limit that is bad.
    public enum Direction: String, Sendable, Hashable, CaseIterable {
        /// Bad is more than the limit.
        case above
        /// Bad is less than the limit.
        case below
    }

    /// What a missing measurement counts as.
    public enum MissingData: String, Sendable, Hashable, CaseIterable {
        /// Listed, never counted.
        case ignore
        /// The verdict is at least `degraded`.
        case warn
        /// The verdict is at least `unknown`.
        case unknown
        /// Counts as a failure of this check.
        case fail
    }

    /// The largest weight; keeps every sum of weights within `Int`.
    public static let maxWeight = 1_000_000

    public var id: String
    /// Broken when the value is strictly beyond it; nil for no such limit.
    public var warn: Double?
    public var fail: Double?
    public var direction: Direction
    /// A failure makes the verdict `unhealthy` whatever the other checks say.
    public var critical: Bool
    /// Share in the score and in the fail share, 0 to `maxWeight`.
    public var weight: Int
    public var nodata: MissingData
    /// Dry run: listed, changes neither status nor score.
    public var advisory: Bool
    /// Limits relative to the stable version's or the last attempt's value.
    public var relative: RelativeLimits?
    /// Judges counts instead of the bare number when the signal carries them.
    public var statistics: StatisticalSpec?

    public init(
        id: String, warn: Double? = nil, fail: Double? = nil, direction: Direction = .above,
        critical: Bool = false, weight: Int = 1, nodata: MissingData = .unknown,
        advisory: Bool = false, relative: RelativeLimits? = nil,
        statistics: StatisticalSpec? = nil
    ) {
        self.id = id
        self.warn = warn
        self.fail = fail
        self.direction = direction
        self.critical = critical
        self.weight = min(max(weight, 0), Self.maxWeight)
        self.nodata = nodata
        self.advisory = advisory
        self.relative = relative
        self.statistics = statistics
    }

    /// The name of the signal that says the same of the stable version; nil
    /// when the check does not judge a canary.
    public var baseline: String? {
        id.hasPrefix("canary.") ? "stable." + id.dropFirst("canary.".count) : nil
    }
}
