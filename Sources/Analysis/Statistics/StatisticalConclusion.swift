import Events

/// The result of a statistical rule for the counts of one window.
struct StatisticalConclusion {
    var value: Double?
    var findings: [CheckOutcome.Finding]
    var numbers: StatisticalNumbers

    /// Replaces the findings by missing data if the sample is below the minimum.
    ///
    /// A failure stays: strong evidence is valid on a small sample.
    func settled(minSample: Double) -> StatisticalConclusion {
        guard findings.worstState != .fail, value == nil || numbers.sample < minSample else {
            return self
        }
        var insufficient = self
        insufficient.findings = [.init(.nodata, .insufficient)]
        return insufficient
    }
}

/// The inputs of the statistical rules besides the counts.
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
