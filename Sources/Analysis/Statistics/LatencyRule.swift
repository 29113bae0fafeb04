import Events

/// Judges a quantile of a latency histogram.
enum LatencyRule {
    /// Applies the rules of `CounterRule` to the quantile instead of the rate.
    ///
    /// The bounds are order statistics, widened to bucket edges. Requests slower
    /// than the SLO edge `tau` take the place of failures.
    static func conclude(
        canary: LatencyBuckets, stable: LatencyBuckets?, in context: StatisticalContext
    ) -> StatisticalConclusion {
        let (check, spec) = (context.check, context.spec)
        var numbers = StatisticalNumbers(sample: canary.total)
        let value = canary.quantile(spec.quantile)
        numbers.stableValue = stable?.quantile(spec.quantile)
        numbers.healthyMedian = GrowthRule.median(context.healthy)
        numbers.growthLimit = GrowthRule.limit(median: numbers.healthyMedian, spec: spec)

        var findings: [CheckOutcome.Finding] = []
        if value != nil {
            // Above 2^53 a Double does not represent every whole number.
            let count = min(Int(saturating: canary.total), 1 << 53)
            let low = OrderStatisticRanks.low(
                of: count, quantile: spec.quantile, alpha: spec.alphaFail)
            let high = OrderStatisticRanks.high(
                of: count, quantile: spec.quantile, alpha: spec.alphaFail)
            let bounds = canary.bounds(lowRank: low, highRank: high)
            numbers.rankLow = low
            numbers.rankHigh = high
            numbers.lower = bounds.lower
            numbers.upper = bounds.upper
            numbers.certified = check.fail.map { bounds.upper <= $0 }
        }
        if let limit = check.fail, let lower = numbers.lower, lower > limit {
            findings.append(.init(.fail, .absoluteFail, limit: limit))
        } else if let limit = check.warn ?? check.fail, let value, value > limit {
            let unproven = context.unproven(value, numbers.lower ?? 0)
            findings.append(.init(.warn, .absoluteWarn, limit: limit, unproven: unproven))
        }
        if let slowOver = spec.slowOver, let counts = exceedances(canary, stable, over: slowOver) {
            numbers.exceedCanary = counts.canaryFailing
            numbers.exceedStable = stable.map { _ in counts.stableFailing }
            let comparison = CountComparison(
                counts, spec: spec, run: context.run, window: context.window)
            comparison.write(to: &numbers)
            if let finding = comparison.finding { findings.append(finding) }
        }
        if let limit = numbers.growthLimit, let value, value > limit {
            findings.append(
                .init(.warn, .grown, limit: limit, grownFrom: numbers.healthyMedian))
        }
        return StatisticalConclusion(value: value, findings: findings, numbers: numbers)
            .settled(minSample: spec.minSample)
    }

    /// The slow requests of both sides; nil unless both have the same finite edge.
    private static func exceedances(
        _ canary: LatencyBuckets, _ stable: LatencyBuckets?, over tau: Double
    ) -> WindowCounts? {
        guard let mine = canary.exceeding(tau) else { return nil }
        guard let stable else {
            return WindowCounts(canary: (mine.count, canary.total), stable: (0, 0))
        }
        guard let theirs = stable.exceeding(tau), theirs.edge == mine.edge else { return nil }
        return WindowCounts(
            canary: (mine.count, canary.total), stable: (theirs.count, stable.total))
    }
}
