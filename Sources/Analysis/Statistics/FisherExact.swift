/// Fisher's exact test, one-sided, on the hypergeometric distribution.
///
/// Test vectors use it to verify the rate-ratio test at ratio 1.
public enum FisherExact {
    /// P(X ≥ x₁) with all margins fixed; counts are whole numbers.
    public static func pValue(_ counts: WindowCounts) -> Double {
        let (n1, n0) = (counts.canaryTotal, counts.stableTotal)
        let drawn = counts.canaryFailing + counts.stableFailing
        let x1 = counts.canaryFailing
        let (least, most) = (max(0, drawn - n0), min(n1, drawn))
        if x1 <= least { return 1 }
        if x1 > most { return 0 }
        if x1 > drawn * n1 / (n1 + n0) {
            return sum(from: x1, to: most, step: 1, n1, n0, drawn)
        }
        return 1 - sum(from: x1 - 1, to: least, step: -1, n1, n0, drawn)
    }

    /// Adds probabilities outwards from `first`, each computed from the previous one.
    private static func sum(
        from first: Double, to last: Double, step: Double, _ n1: Double, _ n0: Double,
        _ drawn: Double
    ) -> Double {
        let (p, q) = (drawn / (n1 + n0), (n1 + n0 - drawn) / (n1 + n0))
        var term =
            BinomialMass.probability(of: first, in: n1, p: p, q: q)
            * BinomialMass.probability(of: drawn - first, in: n0, p: p, q: q)
            / BinomialMass.probability(of: drawn, in: n1 + n0, p: p, q: q)
        var total = term
        var x = first
        while x != last, term > total * 1e-17 {
            // P(k+1)/P(k) = (n₁−k)(d−k) / ((k+1)(n₀−d+k+1)), d of them drawn.
            let k = step > 0 ? x : x - 1
            let ratio = (n1 - k) * (drawn - k) / ((k + 1) * (n0 - drawn + k + 1))
            term = step > 0 ? term * ratio : term / ratio
            total += term
            x += step
        }
        return total
    }
}
