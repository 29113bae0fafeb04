import Events

/// Distribution-free one-sided confidence bounds of a quantile: how many of n
/// values lie below the q-quantile is binomial, so the order statistics at
/// these ranks enclose it (David, Nagaraja, Order Statistics, 7.1).
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
    /// The quantile's bounds, widened to the edges of the buckets that the
    /// ranks fall in: 0 and +infinity where nothing bounds it.
    func bounds(lowRank: Int, highRank: Int) -> (lower: Double, upper: Double) {
        let low = lowRank > 0 ? bucket(ofRank: Double(lowRank)) : 0
        let high = bucket(ofRank: Double(highRank))
        return (
            low.map { $0 > 0 ? edges[$0 - 1] : min(0, edges[0]) } ?? 0,
            high.map { edges[$0] } ?? .infinity
        )
    }
}
