/// One check of a policy: the limits of a signal and the effect of violating them.
///
/// The `id` is the name of the signal to judge. The baseline of `canary.x` is
/// the signal `stable.x`.
public struct Check: Sendable, Hashable {
    /// The side of a limit on which a value violates it.
    public enum Direction: String, Sendable, Hashable, CaseIterable {
        /// Values above the limit violate it.
        case above
        /// Values below the limit violate it.
        case below
    }

    /// The effect of missing data on the verdict.
    public enum MissingData: String, Sendable, Hashable, CaseIterable {
        /// The check is listed but not counted.
        case ignore
        /// The verdict is at least `degraded`.
        case warn
        /// The verdict is at least `unknown`.
        case unknown
        /// Missing data counts as a failure of the check.
        case fail
    }

    /// The largest weight. Keeps sums of weights within `Int`.
    public static let maxWeight = 1_000_000

    public var id: String
    /// Violated when the value is strictly beyond it; nil for no limit.
    public var warn: Double?
    /// Violated when the value is strictly beyond it; nil for no limit. With
    /// counts, the whole confidence interval must be above it.
    public var fail: Double?
    public var direction: Direction
    /// Whether a failure makes the verdict `unhealthy` regardless of the other checks.
    public var critical: Bool
    /// Weight in the score and in the fail share, 0 to `maxWeight`.
    public var weight: Int
    public var nodata: MissingData
    /// Dry run: the check is listed but changes neither status nor score.
    public var advisory: Bool
    /// Limits relative to the value of the stable version or the previous attempt.
    public var relative: RelativeLimits?
    /// How to judge the counts of the signal; nil judges only its number.
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

    /// The name of the same signal of the stable version; nil unless `id`
    /// begins with `canary.`.
    public var baseline: String? {
        id.hasPrefix("canary.") ? "stable." + id.dropFirst("canary.".count) : nil
    }
}

/// Limits on the relative change from a reference value; 0.1 allows 10 %.
///
/// With `direction: above`, a value above `reference + |reference| × limit`
/// violates the limit; with `below`, a value below `reference − |reference| × limit`.
/// Without a reference there is no violation.
public struct RelativeLimits: Sendable, Hashable {
    /// Against the stable version's value in the same window.
    public var stableWarn: Double?
    public var stableFail: Double?
    /// Against the value at the previous attempt. Only warns, because two
    /// consecutive measurements do not prove a failure.
    public var previousWarn: Double?

    public init(
        stableWarn: Double? = nil, stableFail: Double? = nil, previousWarn: Double? = nil
    ) {
        self.stableWarn = stableWarn
        self.stableFail = stableFail
        self.previousWarn = previousWarn
    }
}
