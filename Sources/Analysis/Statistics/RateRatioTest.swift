/// The exact conditional test that the canary's failure rate is at most `rho`
/// times stable's (Przyborowski, Wilenski 1940).
///
/// Given all failures x₁ + x₀, those of the canary are binomial with
/// π = ρn₁ / (ρn₁ + n₀).
public enum RateRatioTest {
    /// P(X ≥ x₁): small when the canary fails too often. 1 when either side
    /// saw no request.
    public static func pValue(_ counts: WindowCounts, rho: Double) -> Double {
        guard counts.canaryTotal > 0, counts.stableTotal > 0 else { return 1 }
        let weight = rho * counts.canaryTotal
        let all = weight + counts.stableTotal
        return BinomialTail.atLeast(
            counts.canaryFailing, of: counts.canaryFailing + counts.stableFailing,
            p: weight / all, q: counts.stableTotal / all)
    }

    /// The smoothed rate ratio ((x₁+½)/(n₁+1)) / ((x₀+½)/(n₀+1)), for people.
    public static func smoothedRatio(_ counts: WindowCounts) -> Double {
        ((counts.canaryFailing + 0.5) / (counts.canaryTotal + 1))
            / ((counts.stableFailing + 0.5) / (counts.stableTotal + 1))
    }
}
