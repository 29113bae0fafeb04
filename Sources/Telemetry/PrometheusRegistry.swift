import Synchronization

/// Counters, gauges and histograms, exposed as Prometheus text.
///
/// Thread-safe; every operation is one short critical section. A series is created by its
/// first use. A metric keeps the kind, help and buckets of its first use.
///
/// Memory is bounded: a metric has at most `seriesPerMetric` label combinations and the
/// registry at most `metrics` names. Samples beyond that, samples of another kind, counter
/// increments that are negative or NaN and NaN observations are dropped, and counted in
/// `bellwether_metrics_dropped_total{metric,reason}`.
public final class PrometheusRegistry: Sendable {
    /// Bucket edges in seconds, for latencies from 1 ms to 10 s.
    public static let latencyBuckets: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    private struct State {
        var families: [String: MetricFamily] = [:]
        var dropped: [String: [String: Double]] = [:]

        mutating func drop(_ metric: String, _ reason: String) {
            dropped[metric, default: [:]][reason, default: 0] += 1
        }
    }

    private let state = Mutex(State())
    private let samplers = Mutex<[@Sendable (PrometheusRegistry) -> Void]>([])
    private let seriesPerMetric: Int
    private let metrics: Int

    public init(seriesPerMetric: Int = 1000, metrics: Int = 1000) {
        self.seriesPerMetric = seriesPerMetric
        self.metrics = metrics
    }

    // MARK: - Recording

    // Metric names are constants, `bellwether_…`, with the base unit as suffix: `_seconds`,
    // `_bytes`, `_ratio`.

    /// Adds to a counter. The exposed name ends in `_total` whether or not `name` does.
    public func count(
        _ name: String, by amount: Double = 1, help: String, labels: [(String, String)] = []
    ) {
        let name = name.hasSuffix("_total") ? name : name + "_total"
        add(amount, counter: name, help: help, labels: MetricName.labels(labels))
    }

    /// Sets a gauge.
    public func set(
        _ name: String, to value: Double, help: String, labels: [(String, String)] = []
    ) {
        change(name, MetricFamily(kind: .gauge, help: help), MetricName.labels(labels)) {
            $0.set(value, of: $1)
        }
    }

    /// Removes every series of a metric. For gauges whose label values change over time.
    public func forget(_ name: String) {
        state.withLock { state in
            guard let at = state.families.index(forKey: name) else { return }
            state.families.values[at].series = [:]
        }
    }

    /// Adds one observation to a histogram.
    ///
    /// `buckets` are upper edges in any order; +infinity is implied. Those of a name's first
    /// observation are used for all.
    public func observe(
        _ name: String, _ value: Double, help: String,
        buckets: [Double] = PrometheusRegistry.latencyBuckets, labels: [(String, String)] = []
    ) {
        observe(value, in: name, help: help, buckets: buckets, labels: MetricName.labels(labels))
    }

    /// Registers a closure that updates metrics just before each exposition.
    ///
    /// It runs on the thread that calls `exposition()`. For numbers that are cheaper to read
    /// when needed than to update continuously.
    public func beforeExposition(_ sample: @escaping @Sendable (PrometheusRegistry) -> Void) {
        samplers.withLock { $0.append(sample) }
    }

    // MARK: - Reading

    /// The value of a series, or a histogram's number of observations; nil when never used.
    public func value(_ name: String, labels: [(String, String)] = []) -> Double? {
        let labels = MetricName.labels(labels)
        return state.withLock { $0.families[name]?.series[labels]?.number }
    }

    /// Returns all metrics in Prometheus text format 0.0.4, ordered by name, then labels.
    ///
    /// Its media type is `text/plain; version=0.0.4; charset=utf-8`.
    public func exposition() -> String { preparedExposition()() }

    /// As `exposition()`, in two parts: reads all metrics, and returns what writes the text. That
    /// takes longer, and needs no lock.
    public func preparedExposition() -> @Sendable () -> String {
        for sample in samplers.withLock({ $0 }) { sample(self) }
        // Copied, so that the text is built outside the critical section.
        var (families, dropped) = state.withLock { ($0.families, $0.dropped) }
        if !dropped.isEmpty {
            var family = MetricFamily(
                kind: .counter, help: "Samples that were dropped, by metric and reason.")
            for (metric, reasons) in dropped {
                for (reason, count) in reasons {
                    family.add(
                        count, to: MetricName.labels([("metric", metric), ("reason", reason)]))
                }
            }
            dropped = [:]
            families["bellwether_metrics_dropped_total"] = family
        }
        let all = families
        return {
            var text = ""
            for (name, family) in all.sorted(by: { $0.key < $1.key }) {
                family.write(name: name, to: &text)
            }
            return text
        }
    }

    // MARK: - With formatted labels

    func add(_ amount: Double, counter name: String, help: String, labels: String) {
        guard amount >= 0 else { return drop(name, "negative") }
        change(name, MetricFamily(kind: .counter, help: help), labels) { $0.add(amount, to: $1) }
    }

    func reset(counter name: String, labels: String) {
        state.withLock { state in
            guard state.families[name]?.series[labels] != nil else { return }
            state.families[name]?.set(0, of: labels)
        }
    }

    func set(_ value: Double, gauge name: String, help: String, labels: String) {
        change(name, MetricFamily(kind: .gauge, help: help), labels) { $0.set(value, of: $1) }
    }

    func add(_ amount: Double, gauge name: String, help: String, labels: String) {
        change(name, MetricFamily(kind: .gauge, help: help), labels) { $0.add(amount, to: $1) }
    }

    func observe(
        _ value: Double, in name: String, help: String, buckets: [Double], labels: String
    ) {
        guard !value.isNaN else { return drop(name, "nan") }
        let edges = buckets.filter(\.isFinite).sorted()
        change(name, MetricFamily(kind: .histogram, help: help, edges: edges), labels) {
            $0.observe(value, in: $1)
        }
    }

    func merge(
        _ taken: MetricFamily.Distribution, into name: String, help: String, edges: [Double],
        labels: String
    ) {
        change(name, MetricFamily(kind: .histogram, help: help, edges: edges), labels) {
            $0.merge(taken, in: $1)
        }
    }

    private func change(
        _ name: String, _ family: @autoclosure () -> MetricFamily, _ labels: String,
        _ body: (inout MetricFamily, String) -> Void
    ) {
        let wanted = family()
        state.withLock { state in
            if state.families[name] == nil {
                guard state.families.count < metrics else {
                    return state.drop("(further metrics)", "too_many_metrics")
                }
                state.families[name] = wanted
            }
            // Changed in place: copying the family would copy all its series.
            guard let at = state.families.index(forKey: name) else { return }
            guard state.families.values[at].kind == wanted.kind else {
                return state.drop(name, "kind")
            }
            guard
                state.families.values[at].series.count < seriesPerMetric
                    || state.families.values[at].series[labels] != nil
            else { return state.drop(name, "too_many_series") }
            body(&state.families.values[at], labels)
        }
    }

    private func drop(_ name: String, _ reason: String) {
        state.withLock { $0.drop(name, reason) }
    }
}
