import Analysis
import Events
import Synchronization
import Telemetry

/// Counts repeats by verdict and concern, and adds them to the registry before each
/// exposition.
///
/// Thread-safe. Cheaper for each repeat than an update of the registry.
final class MeasurementTally: Sendable {
    private struct Key: Hashable {
        let status: VerdictStatus
        let concern: String
    }

    private let repeats = Mutex<[Key: Int]>([:])
    private let durations: HistogramTally

    init(registry: PrometheusRegistry) {
        durations = HistogramTally(
            Measured.durationMetric, help: Measured.durationHelp, registry: registry)
        registry.beforeExposition { [weak self] registry in self?.flush(into: registry) }
    }

    func countRepeat(_ status: VerdictStatus, concern: String, duration: Duration) {
        repeats.withLock { $0[Key(status: status, concern: concern), default: 0] += 1 }
        let (seconds, attoseconds) = duration.components
        durations.observe(Double(seconds) + Double(attoseconds) * 1e-18)
    }

    private func flush(into registry: PrometheusRegistry) {
        let counted = repeats.withLock { counts in
            defer { counts = [:] }
            return counts
        }
        for (key, count) in counted {
            Measured.count(
                status: key.status.rawValue, isRepeat: true, concern: key.concern,
                by: Double(count), in: registry)
        }
    }
}
