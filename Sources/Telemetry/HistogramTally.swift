import Synchronization

/// One histogram series for a hot path: sums observations and adds them to the registry
/// before each exposition.
///
/// Thread-safe. The registry does not retain it: keep a reference for as long as observations
/// are made. Observations made after the last exposition are lost when it is released.
public final class HistogramTally: Sendable {
    private let name: String
    private let help: String
    private let labels: String
    private let edges: [Double]
    private let state: Mutex<MetricFamily.Distribution>

    /// - Parameter buckets: As in `PrometheusRegistry.observe`.
    public init(
        _ name: String, help: String, buckets: [Double] = PrometheusRegistry.latencyBuckets,
        labels: [(String, String)] = [], registry: PrometheusRegistry
    ) {
        self.name = name
        self.help = help
        self.labels = MetricName.labels(labels)
        edges = buckets.filter(\.isFinite).sorted()
        state = Mutex(MetricFamily.Distribution(edges: edges.count))
        registry.beforeExposition { [weak self] registry in self?.flush(into: registry) }
    }

    /// Adds one observation. NaN is ignored.
    public func observe(_ value: Double) {
        guard !value.isNaN else { return }
        let bucket = edges.firstIndex { value <= $0 } ?? edges.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    private func flush(into registry: PrometheusRegistry) {
        let taken = state.withLock { state in
            defer { state = MetricFamily.Distribution(edges: edges.count) }
            return state
        }
        guard taken.counts.contains(where: { $0 > 0 }) else { return }
        registry.merge(taken, into: name, help: help, edges: edges, labels: labels)
    }
}
