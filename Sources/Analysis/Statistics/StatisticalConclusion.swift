import Events

/// The result of a statistical rule for the counts of one window.
struct StatisticalConclusion {
    var value: Double?
    var findings: [CheckOutcome.Finding]
    var numbers: StatisticalNumbers

    /// Adds missing data to the findings if the sample is below the minimum.
    ///
    /// Not to a failure: strong evidence is valid on a small sample.
    func settled(minSample: Double) -> StatisticalConclusion {
        guard findings.worstState != .fail, value == nil || numbers.sample < minSample else {
            return self
        }
        var insufficient = self
        insufficient.findings.append(.init(.nodata, .insufficient))
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

    /// The fail limit if the value is over it and the confidence interval is not.
    func unproven(_ value: Double, _ lower: Double) -> Reason.Unproven? {
        guard let limit = check.fail, value > limit, lower <= limit else { return nil }
        return .init(limit: limit, bound: lower, confidence: 1 - spec.alphaFail)
    }
}
