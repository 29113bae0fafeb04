import Events

/// Chooses the statistical rule for a check from the evidence of its signals.
enum StatisticalJudge {
    /// Nil if the canary's signal has no valid counts of the check's kind; the
    /// caller then judges the number alone.
    static func conclude(
        canary: Signal, stable: Signal?, in context: StatisticalContext
    ) -> StatisticalConclusion? {
        switch (context.spec.kind, canary.evidence) {
        case (.counter, .counter(let x1, let n1)):
            let baseline = stable?.counts ?? (failing: 0, total: 0)
            guard let canary = sound(x1, n1), let stable = sound(baseline.failing, baseline.total)
            else { return nil }
            return CounterRule.conclude(
                WindowCounts(canary: canary, stable: stable), in: context)
        case (.latency, .histogram(let edges, let cumulative)):
            guard let buckets = LatencyBuckets(edges: edges, cumulative: cumulative),
                buckets.total <= most
            else { return nil }
            return LatencyRule.conclude(canary: buckets, stable: stable?.buckets, in: context)
        default: return nil
        }
    }

    /// The most requests in one window; more are taken as a fault of the counter.
    private static let most = 1e12

    /// The counts if they are valid: not negative, failing ≤ total ≤ `most`.
    private static func sound(_ failing: Double, _ total: Double) -> (
        failing: Double, total: Double
    )? {
        guard failing >= 0, total >= failing, total <= most else { return nil }
        return (failing, total)
    }
}

extension Signal {
    fileprivate var counts: (failing: Double, total: Double)? {
        guard case .counter(let failing, let total) = evidence else { return nil }
        return (failing, total)
    }

    fileprivate var buckets: LatencyBuckets? {
        guard case .histogram(let edges, let cumulative) = evidence else { return nil }
        return LatencyBuckets(edges: edges, cumulative: cumulative)
    }
}
