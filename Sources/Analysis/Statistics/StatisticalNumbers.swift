/// The numbers that the statistical rules computed for one check, for explanations.
///
/// Nil where a rule does not compute the number.
public struct StatisticalNumbers: Sendable, Equatable {
    /// Canary requests in the window.
    public var sample: Double
    /// One-sided bounds of the value at `alphaFail`; latency bounds are bucket edges.
    public var lower: Double?
    public var upper: Double?
    public var stableValue: Double?
    /// Smoothed rate ratio, for information only.
    public var ratio: Double?
    /// Slow requests, latency only.
    public var exceedCanary: Double?
    public var exceedStable: Double?
    /// Order-statistic ranks of the bounds, latency only.
    public var rankLow: Int?
    public var rankHigh: Int?
    /// The p-value of this window's exact test.
    public var pWindow: Double?
    /// M of the run including this window, and its anytime-valid p-value.
    public var e: Double?
    public var pRun: Double?
    /// The median of the last healthy attempts and the limit that it sets.
    public var healthyMedian: Double?
    public var growthLimit: Double?
    /// Whether the fail limit is proven to hold: the upper bound is within it.
    public var certified: Bool?
    /// The evidence that this window adds to the run.
    public var step: EvidenceStep?

    public init(sample: Double) { self.sample = sample }
}
