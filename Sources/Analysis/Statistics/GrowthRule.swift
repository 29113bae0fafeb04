/// Limits the growth of a value against the median of the last healthy attempts.
enum GrowthRule {
    static func median(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// `max(q(1 + growthWarn), q + minDelta)` for the median q; nil without a
    /// healthy attempt or without the rule.
    static func limit(median: Double?, spec: StatisticalSpec) -> Double? {
        guard let median, let growth = spec.growthWarn else { return nil }
        return max(median * (1 + growth), median + spec.minDelta)
    }
}
