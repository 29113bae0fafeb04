import Events

/// Judges the share of requests that fail.
enum CounterRule {
    /// - `abs_fail` when the lower bound of the rate is over the fail limit,
    ///   else `abs_warn` when the rate is over the warn limit, or without one over the fail limit;
    /// - `rel_fail_run` or `rel_warn_window` against stable;
    /// - `prev_warn` when the rate exceeds the limit set by the last healthy attempts.
    ///
    /// Only the more severe rule of each pair is reported.
    static func conclude(
        _ counts: WindowCounts, in context: StatisticalContext
    ) -> StatisticalConclusion {
        let (check, spec) = (context.check, context.spec)
        let (x, n) = (counts.canaryFailing, counts.canaryTotal)
        var numbers = StatisticalNumbers(sample: n)
        let comparison = CountComparison(
            counts, spec: spec, run: context.run, window: context.window)
        comparison.write(to: &numbers)
        numbers.healthyMedian = GrowthRule.median(context.healthy)
        numbers.growthLimit = GrowthRule.limit(median: numbers.healthyMedian, spec: spec)
        if counts.stableTotal > 0 {
            numbers.stableValue = counts.stableFailing / counts.stableTotal
        }
        guard n > 0 else {
            return StatisticalConclusion(value: nil, findings: [], numbers: numbers)
                .settled(minSample: spec.minSample)
        }

        let value = x / n
        let lower = ClopperPearson.lower(x, of: n, alpha: spec.alphaFail)
        let upper = ClopperPearson.upper(x, of: n, alpha: spec.alphaFail)
        numbers.lower = lower
        numbers.upper = upper
        if counts.stableTotal > 0 { numbers.ratio = RateRatioTest.smoothedRatio(counts) }
        numbers.certified = check.fail.map { upper <= $0 }

        var findings: [CheckOutcome.Finding] = []
        if let limit = check.fail, lower > limit {
            findings.append(.init(.fail, .absoluteFail, limit: limit))
        } else if let limit = check.warn ?? check.fail, value > limit {
            findings.append(
                .init(.warn, .absoluteWarn, limit: limit, unproven: context.unproven(value, lower)))
        }
        if let finding = comparison.finding { findings.append(finding) }
        if let limit = numbers.growthLimit, value > limit {
            findings.append(
                .init(.warn, .grown, limit: limit, grownFrom: numbers.healthyMedian))
        }
        return StatisticalConclusion(value: value, findings: findings, numbers: numbers)
            .settled(minSample: spec.minSample)
    }
}

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
