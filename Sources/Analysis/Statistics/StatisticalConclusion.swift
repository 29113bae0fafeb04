import Events

/// What a statistical rule concludes from the counts of one window.
struct StatisticalConclusion {
    var value: Double?
    var findings: [CheckOutcome.Finding]
    var numbers: StatisticalNumbers

    /// A check that does not fail has no data below the minimum sample:
    /// strong evidence beats a small sample, its absence does not.
    func settled(minSample: Double) -> StatisticalConclusion {
        guard findings.worstState != .fail, value == nil || numbers.sample < minSample else {
            return self
        }
        var insufficient = self
        insufficient.findings = [.init(.nodata, .insufficient)]
        return insufficient
    }
}

/// What the rules know besides the counts.
struct StatisticalContext {
    var check: Check
    var spec: StatisticalSpec
    /// The run's evidence before this window.
    var run: RunEvidence
    /// The values of the last healthy attempts.
    var healthy: [Double]
    /// This window's id.
    var window: Int64
}
