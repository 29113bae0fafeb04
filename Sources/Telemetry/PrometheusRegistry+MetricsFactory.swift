public import CoreMetrics

/// Exposes what libraries such as SwiftNIO and Hummingbird report through swift-metrics.
///
/// `hb.requests` becomes `hb_requests_total`. Timers become histograms in seconds, aggregating
/// recorders become histograms, and other recorders become gauges.
///
/// Destroying a handler keeps its series: another handler may share it, and Prometheus would
/// read a counter that disappears as a restart.
extension PrometheusRegistry: MetricsFactory {
    public func makeCounter(
        label: String, dimensions: [(String, String)]
    ) -> any CounterHandler {
        RegistryCounter(
            registry: self, name: MetricName.imported(label, as: .counter), help: help(label),
            labels: MetricName.labels(dimensions))
    }

    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        RegistryCounter(
            registry: self, name: MetricName.imported(label, as: .counter), help: help(label),
            labels: MetricName.labels(dimensions))
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        RegistryGauge(
            registry: self, name: MetricName.imported(label, as: .gauge), help: help(label),
            labels: MetricName.labels(dimensions))
    }

    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate {
            return RegistryHistogram(
                registry: self, name: MetricName.imported(label, as: .histogram),
                help: help(label), buckets: Self.magnitudeBuckets,
                labels: MetricName.labels(dimensions))
        }
        return RegistryGauge(
            registry: self, name: MetricName.imported(label, as: .gauge), help: help(label),
            labels: MetricName.labels(dimensions))
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        RegistryHistogram(
            registry: self,
            name: MetricName.imported(label, as: .histogram, unit: "_seconds"),
            help: help(label), buckets: Self.latencyBuckets,
            labels: MetricName.labels(dimensions))
    }

    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// Powers of ten from 1 to 10^9, for recorders, whose unit is not known.
    private static let magnitudeBuckets: [Double] = (0...9).map { exponent in
        (0..<exponent).reduce(1.0) { product, _ in product * 10 }
    }

    private func help(_ label: String) -> String { "Reported by a library as \(label)." }
}

private final class RegistryCounter: CounterHandler, FloatingPointCounterHandler {
    private let registry: PrometheusRegistry
    private let name: String
    private let help: String
    private let labels: String

    init(registry: PrometheusRegistry, name: String, help: String, labels: String) {
        (self.registry, self.name, self.help, self.labels) = (registry, name, help, labels)
        increment(by: 0.0)
    }

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    func increment(by amount: Double) {
        registry.add(amount, counter: name, help: help, labels: labels)
    }

    func reset() { registry.reset(counter: name, labels: labels) }
}

private final class RegistryGauge: MeterHandler, RecorderHandler {
    private let registry: PrometheusRegistry
    private let name: String
    private let help: String
    private let labels: String

    init(registry: PrometheusRegistry, name: String, help: String, labels: String) {
        (self.registry, self.name, self.help, self.labels) = (registry, name, help, labels)
    }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { registry.set(value, gauge: name, help: help, labels: labels) }
    func increment(by amount: Double) {
        registry.add(amount, gauge: name, help: help, labels: labels)
    }
    func decrement(by amount: Double) { increment(by: -amount) }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
}

private final class RegistryHistogram: RecorderHandler, TimerHandler {
    private let registry: PrometheusRegistry
    private let name: String
    private let help: String
    private let buckets: [Double]
    private let labels: String

    init(
        registry: PrometheusRegistry, name: String, help: String, buckets: [Double],
        labels: String
    ) {
        (self.registry, self.name, self.help) = (registry, name, help)
        (self.buckets, self.labels) = (buckets, labels)
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        registry.observe(value, in: name, help: help, buckets: buckets, labels: labels)
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
