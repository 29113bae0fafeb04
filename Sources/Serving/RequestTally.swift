import Synchronization
import Telemetry

/// Counts requests by route and status, cheaply: added up here, handed to the
/// registry when it is read.
final class RequestTally: Sendable {
    private struct Key: Hashable {
        let route: String
        let status: Int
    }

    private let counts = Mutex<[Key: Int]>([:])
    private let registry: PrometheusRegistry

    init(registry: PrometheusRegistry) {
        self.registry = registry
        registry.beforeExposition { [weak self] registry in self?.flush(into: registry) }
    }

    func count(route: String, status: Int, duration: Duration) {
        counts.withLock { $0[Key(route: route, status: status), default: 0] += 1 }
        let (seconds, attoseconds) = duration.components
        registry.observe(
            "bellwether_http_request_duration_seconds",
            Double(seconds) + Double(attoseconds) * 1e-18,
            help: "From the end of a request's header to its answer.",
            labels: [("route", route)])
    }

    private func flush(into registry: PrometheusRegistry) {
        let counted = counts.withLock { counts in
            defer { counts = [:] }
            return counts
        }
        for (key, count) in counted {
            registry.count(
                "bellwether_http_requests", by: Double(count),
                help: "Requests answered, by route and status.",
                labels: [("route", key.route), ("status", String(key.status))])
        }
    }
}
