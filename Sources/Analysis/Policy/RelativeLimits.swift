/// Limits that move with another value: allowed relative change, 0.1 for 10 %.
///
/// A check with `direction: above` is broken when its value exceeds
/// `reference × (1 + limit)`, one with `below` when it falls short of
/// `reference × (1 − limit)`. A reference that is unknown breaks nothing.
public struct RelativeLimits: Sendable, Hashable {
    /// Against the stable version's value in the same window.
    public var stableWarn: Double?
    public var stableFail: Double?
    /// Against the value at the attempt before; warns only, because two
    /// neighbouring measurements never prove a failure.
    public var previousWarn: Double?

    public init(
        stableWarn: Double? = nil, stableFail: Double? = nil, previousWarn: Double? = nil
    ) {
        self.stableWarn = stableWarn
        self.stableFail = stableFail
        self.previousWarn = previousWarn
    }
}
