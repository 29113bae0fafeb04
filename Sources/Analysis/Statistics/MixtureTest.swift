import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The mixture sequential test of whether the canary fails over `rho` times as often as stable.
///
/// Uses all windows of a run and is valid however often it is evaluated.
///
/// Given the failures of a window, those of the canary are binomial with
/// `π = r n₁ / (r n₁ + n₀)` at rate ratio `r`. The likelihood ratio of
/// `r = rho·g` against `r = rho`, multiplied over the windows and averaged
/// over a grid of `g`, is a non-negative martingale M under the null
/// hypothesis (Robbins 1970; Johari et al. 2022, always-valid inference), so
/// by Ville's inequality it ever reaches 1/α with probability at most α.
public enum MixtureTest {
    /// The alternatives, as multiples of the null ratio.
    public static let grid: [Double] = [1.25, 1.5, 2, 3, 5, 8, 13, 21]

    /// The log-likelihood ratio of one window for each ratio of the grid.
    static func logRatios(_ counts: WindowCounts, rho: Double) -> [Double] {
        let (x1, n1) = (counts.canaryFailing, counts.canaryTotal)
        let (x0, n0) = (counts.stableFailing, counts.stableTotal)
        // A side without requests has no information about the ratio.
        guard n1 > 0, n0 > 0 else { return grid.map { _ in 0 } }
        return grid.map { g in
            // ln(π_k/π_0) = ln g + shrink and ln((1−π_k)/(1−π_0)) = shrink.
            let shrink = log((rho * n1 + n0) / (rho * g * n1 + n0))
            return x1 * (log(g) + shrink) + x0 * shrink
        }
    }

    /// ln M of summed log-likelihood ratios, each divided by `phi`.
    static func logMean(_ logs: [Double], phi: Double) -> Double {
        guard let top = logs.max() else { return 0 }
        let sum = logs.reduce(0) { $0 + exp(($1 - top) / phi) }
        return top / phi + log(sum / Double(logs.count))
    }
}

extension RunEvidence {
    /// Adds a window; ignores one that is not later than the last.
    public mutating func fold(_ step: EvidenceStep) {
        if let lastWindow, step.window <= lastWindow { return }
        let ratios = MixtureTest.logRatios(step.counts, rho: step.rho)
        clean = isClean(step.counts) ? clean +| 1 : 0
        logs = logs.isEmpty ? ratios : zip(logs, ratios).map { $0 + $1 }
        peak = max(peak, MixtureTest.logMean(logs, phi: step.phi))
        counts = counts.map { $0 + step.counts }
        lastWindow = step.window
        stable.add(failing: step.counts.stableFailing, of: step.counts.stableTotal)
        if clean >= Self.cleanWindows, -peak <= log(step.alpha) { clear() }
    }

    /// The number of clean windows in a row that clear the evidence of a failed run.
    ///
    /// A canary that still fails as it did over the run shows no failure in one window with
    /// `expectedFailures` = 2 in e⁻² = 13.5 % of cases, and in three such windows in a row in
    /// 0.25 %, below the usual error level of 1 %. Two windows would be above it (1.8 %). More
    /// than three would keep a recovered canary unhealthy for most of a usual run of 5 to 10.
    public static let cleanWindows = 3
    /// The failures that a clean window would have shown at the canary's rate over the run.
    public static let expectedFailures = 2.0

    /// Whether the canary is not worse than stable in a window with enough requests to show it.
    private func isClean(_ window: WindowCounts) -> Bool {
        guard let rates = window.rates, rates.canary <= rates.stable,
            let run = counts?.rates
        else { return false }
        return run.canary * window.canaryTotal >= Self.expectedFailures
    }

    /// Starts the test again. The dispersion of stable is not evidence about the canary.
    private mutating func clear() {
        logs = []
        peak = 0
        counts = .zero
        clean = 0
    }

    /// M after the last window; 1 before the first; +infinity where a Double overflows.
    public func e(phi: Double) -> Double { exp(MixtureTest.logMean(logs, phi: phi)) }

    /// An anytime-valid p-value: 1 over the largest M so far, at most 1.
    public var pRun: Double { exp(-peak) }
}
