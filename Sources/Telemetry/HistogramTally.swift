import Synchronization

/// One histogram series for a hot path: observations are added up here, at a
/// few instructions each, and handed to the registry when it is read.
///
/// Thread-safe. Keep one for the life of what it measures; it is read as long
/// as it lives.
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

    /// NaN is left out.
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
