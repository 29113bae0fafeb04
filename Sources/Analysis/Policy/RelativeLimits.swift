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
