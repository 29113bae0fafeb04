/// How a check judges the counts behind its signal.
///
/// The absolute limits are the check's `warn` and `fail`. This type sets the
/// error levels and the comparison with the stable version. Names in brackets
/// are those of the test vectors.
public struct StatisticalSpec: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The share of requests that fail.
        case counter
        /// A quantile of a latency histogram.
        case latency
    }

    public var kind: Kind
    /// Null rate ratio of the per-window warning test [`rho_warn`].
    public var rhoWarn: Double
    /// Null rate ratio of the run's failure test [`rho_fail`].
    public var rhoFail: Double
    /// One-sided error level of the warning test [`alpha_warn`].
    public var alphaWarn: Double
    /// One-sided error level of bounds and failure test [`alpha_fail`]. A run
    /// fails when its e-process reaches `1 / alphaFail`.
    public var alphaFail: Double
    /// The smallest difference of proportions that is reported [`min_delta`].
    public var minDelta: Double
    /// With fewer canary requests, a check that does not fail has no data [`n_min`].
    public var minSample: Double
    /// Allowed relative growth against the median of the last healthy
    /// attempts [`prev_warn`]; nil for no such rule.
    public var growthWarn: Double?
    /// Dispersion divisor of the e-process, at least 1 [`phi`].
    public var phi: Double
    /// Whether φ is estimated from the run's earlier stable windows; `phi` is
    /// then its lower bound.
    public var estimatesPhi: Bool
    /// The judged quantile, latency only [`q`].
    public var quantile: Double
    /// The latency in milliseconds above which a request counts as slow, latency
    /// only [`tau`]; nil skips the comparison of slow requests.
    public var slowOver: Double?

    public init(
        _ kind: Kind, rhoWarn: Double = 1, rhoFail: Double = 1.5, alphaWarn: Double = 0.05,
        alphaFail: Double = 0.01, minDelta: Double = 0, minSample: Double = 0,
        growthWarn: Double? = nil, phi: Double = 1, estimatesPhi: Bool = false,
        quantile: Double = 0.99,
        slowOver: Double? = nil
    ) {
        self.kind = kind
        self.rhoWarn = rhoWarn
        self.rhoFail = rhoFail
        self.alphaWarn = alphaWarn
        self.alphaFail = alphaFail
        self.minDelta = minDelta
        self.minSample = minSample
        self.growthWarn = growthWarn
        self.phi = phi
        self.estimatesPhi = estimatesPhi
        self.quantile = quantile
        self.slowOver = slowOver
    }
}
