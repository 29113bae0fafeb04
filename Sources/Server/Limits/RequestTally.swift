import Synchronization
import Telemetry

/// Counts requests by route and status. The registry is updated only when it is read.
final class RequestTally: Sendable {
    private struct Key: Hashable {
        let route: String
        let status: Int
    }

    /// The count of one route and status, and the route's duration histogram.
    private final class Series: Sendable {
        private let answers = Atomic<Int>(0)
        private let durations: HistogramTally

        init(durations: HistogramTally) { self.durations = durations }

        func count(_ duration: Duration) {
            answers.add(1, ordering: .relaxed)
            let (seconds, attoseconds) = duration.components
            durations.observe(Double(seconds) + Double(attoseconds) * 1e-18)
        }

        func take() -> Int { answers.exchange(0, ordering: .relaxed) }
    }

    private let all = Mutex<[Key: Series]>([:])
    private let durations: [String: HistogramTally]
    private let unknown: HistogramTally

    /// - Parameter routes: The served patterns; requests that match none are counted as `none`.
    init(routes: [String], registry: PrometheusRegistry) {
        func histogram(_ route: String) -> HistogramTally {
            HistogramTally(
                "bellwether_http_request_duration_seconds",
                help: "From the end of a request's header to its answer.",
                labels: [("route", route)], registry: registry)
        }
        durations = Dictionary(uniqueKeysWithValues: Set(routes).map { ($0, histogram($0)) })
        unknown = histogram("none")
        registry.beforeExposition { [weak self] registry in self?.flush(into: registry) }
    }

    func count(route: String, status: Int, duration: Duration) {
        series(route: route, status: status).count(duration)
    }

    private func series(route: String, status: Int) -> Series {
        all.withLock { all in
            let key = Key(route: route, status: status)
            if let series = all[key] { return series }
            let series = Series(durations: durations[route] ?? unknown)
            all[key] = series
            return series
        }
    }

    private func flush(into registry: PrometheusRegistry) {
        for (key, series) in all.withLock({ $0 }) {
            let count = series.take()
            guard count > 0 else { continue }
            registry.count(
                "bellwether_http_requests", by: Double(count),
                help: "Requests answered, by route and status.",
                labels: [("route", key.route), ("status", String(key.status))])
        }
    }
}
