import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Simulated request counters of a rollout, as a page of Prometheus metrics.
///
/// A stable version serves most requests at a steady error rate; `set` changes the canary's error
/// rate and latency. Counters grow with the time that passes; the page shows whole requests.
/// Thread-safe.
final class SimulatedTraffic: Sendable {
    /// The canary's error rate and latency.
    struct Behaviour: Sendable, Equatable {
        /// The proportion of requests answered 5xx.
        var errorRate: Double
        /// The 99th percentile of the latency, in seconds.
        var p99: Double
    }

    static let edges: [Double] = [0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, .infinity]

    private struct Counters {
        var ok = 0.0
        var failed = 0.0
        var buckets = [Double](repeating: 0, count: SimulatedTraffic.edges.count)

        mutating func serve(_ requests: Double, _ behaviour: Behaviour) {
            failed += requests * behaviour.errorRate
            ok += requests * (1 - behaviour.errorRate)
            for (i, edge) in SimulatedTraffic.edges.enumerated() {
                buckets[i] += requests * SimulatedTraffic.share(below: edge, p99: behaviour.p99)
            }
        }
    }

    private struct State {
        var canary = Counters()
        var stable = Counters()
        var behaviour: Behaviour
        var since: ContinuousClock.Instant
    }

    private static let canaryRequestsPerSecond = 400.0
    private static let stableRequestsPerSecond = 3600.0
    private static let stableBehaviour = Behaviour(errorRate: 0.002, p99: 0.17)

    private let state: Mutex<State>

    init(_ behaviour: Behaviour) {
        state = Mutex(State(behaviour: behaviour, since: .now))
    }

    /// Changes the canary's behaviour from this moment on.
    func set(_ behaviour: Behaviour) {
        state.withLock { state in
            Self.advance(&state)
            state.behaviour = behaviour
        }
    }

    private static func advance(_ state: inout State) {
        let now = ContinuousClock.now
        let passed = (now - state.since) / .seconds(1)
        state.since = now
        state.canary.serve(passed * canaryRequestsPerSecond, state.behaviour)
        state.stable.serve(passed * stableRequestsPerSecond, stableBehaviour)
    }

    /// The share of latencies below `edge`, in seconds: 1 − exp(−edge·ln 100 / p99).
    private static func share(below edge: Double, p99: Double) -> Double {
        edge.isInfinite ? 1 : 1 - pow(0.01, edge / p99)
    }

    /// The page in Prometheus' text format.
    func page() -> String {
        let (canary, stable) = state.withLock { state in
            Self.advance(&state)
            return (state.canary, state.stable)
        }
        var page = "# TYPE http_requests_total counter\n"
        for (role, counters) in [("canary", canary), ("stable", stable)] {
            page += "http_requests_total{role=\"\(role)\",code=\"200\"} \(Int(counters.ok))\n"
            page += "http_requests_total{role=\"\(role)\",code=\"503\"} \(Int(counters.failed))\n"
        }
        page += "# TYPE http_request_duration_seconds histogram\n"
        for (role, counters) in [("canary", canary), ("stable", stable)] {
            for (edge, count) in zip(Self.edges, counters.buckets) {
                let le = edge.isInfinite ? "+Inf" : "\(edge)"
                page +=
                    "http_request_duration_seconds_bucket{role=\"\(role)\",le=\"\(le)\"} \(Int(count))\n"
            }
            let total = Int(counters.buckets.last ?? 0)
            page += "http_request_duration_seconds_count{role=\"\(role)\"} \(total)\n"
        }
        return page
    }
}
