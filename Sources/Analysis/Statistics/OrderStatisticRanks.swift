import Events

/// Ranks of distribution-free one-sided confidence bounds of a quantile.
///
/// The number of n values below the q-quantile is binomial, so the order
/// statistics at these ranks enclose it (David, Nagaraja, Order Statistics, 7.1).
public enum OrderStatisticRanks {
    /// The largest rank r with P(quantile < r-th value) < alpha; 0 when no
    /// value is a lower bound.
    public static func low(of n: Int, quantile q: Double, alpha: Double) -> Int {
        BinomialTail.quantile(alpha, of: n, p: q)
    }

    /// The smallest rank whose value is an upper bound; n + 1 when none is.
    public static func high(of n: Int, quantile q: Double, alpha: Double) -> Int {
        BinomialTail.quantile(1 - alpha, of: n, p: q) +| 1
    }
}

extension LatencyBuckets {
    /// The quantile's bounds, widened to the edges of the buckets that contain the
    /// ranks. A missing upper bound is +infinity; the lowest lower bound is 0 or
    /// the first edge, if that is negative.
    func bounds(lowRank: Int, highRank: Int) -> (lower: Double, upper: Double) {
        let low = lowRank > 0 ? bucket(ofRank: Double(lowRank)) : 0
        let high = bucket(ofRank: Double(highRank))
        return (
            low.map { $0 > 0 ? edges[$0 - 1] : min(0, edges[0]) } ?? 0,
            high.map { edges[$0] } ?? .infinity
        )
    }
}
