/// The exact conditional test of a rate ratio (Przyborowski, Wilenski 1940).
///
/// The null hypothesis: the canary's failure rate is at most `rho` times that of stable.
///
/// Given all failures x₁ + x₀, those of the canary are binomial with
/// π = ρn₁ / (ρn₁ + n₀).
public enum RateRatioTest {
    /// P(X ≥ x₁), which is small if the canary fails too often. 1 if either side
    /// has no requests.
    public static func pValue(_ counts: WindowCounts, rho: Double) -> Double {
        guard counts.canaryTotal > 0, counts.stableTotal > 0 else { return 1 }
        let weight = rho * counts.canaryTotal
        let all = weight + counts.stableTotal
        return BinomialTail.atLeast(
            counts.canaryFailing, of: counts.canaryFailing + counts.stableFailing,
            p: weight / all, q: counts.stableTotal / all)
    }

    /// The smoothed rate ratio ((x₁+½)/(n₁+1)) / ((x₀+½)/(n₀+1)), for information only.
    public static func smoothedRatio(_ counts: WindowCounts) -> Double {
        ((counts.canaryFailing + 0.5) / (counts.canaryTotal + 1))
            / ((counts.stableFailing + 0.5) / (counts.stableTotal + 1))
    }
}
