public import Events
import JSONScan

/// One place that measures a group: a gateway node in its zone.
public struct Source: Sendable, Hashable {
    /// One judged concern of the place; the merged route is the concern "".
    public struct Lane: Sendable, Hashable {
        public let concern: String
        public internal(set) var status: VerdictStatus = .healthy
        public internal(set) var attempt: Int?
        /// Names the last attempt that was not healthy: its event's id.
        public internal(set) var lastFailure = ""
        /// Series and run: the attempts count from 1 again when it changes.
        var series = ""
        /// Healthy attempts in a row.
        var healthyRun = 0
        /// Unhealthy attempts of the series: what Argo's `failureLimit` counts.
        var failures = 0
        /// How many failures the caller's run forgives, and how many attempts it
        /// makes; nil when the caller does not say.
        var failureLimit: Int?
        var runCount: Int?
        /// Failed within the incident, so that its recovery is waited for.
        var failed = false
        var lastSeen: Timestamp

        init(concern: String, at moment: Timestamp) {
            self.concern = concern
            lastSeen = moment
        }
    }

    public let az: String
    public let node: String
    public internal(set) var lanes: [Lane] = []
    public internal(set) var metrics: [MetricTrack] = []
    /// Metrics beyond what is tracked for one place, at the last attempt.
    public internal(set) var omittedMetrics = 0
    /// Verdicts within the incident.
    public internal(set) var counts = StatusCounts()

    init(az: String, node: String) {
        self.az = az
        self.node = node
    }

    /// The worst that the place last said over its concerns.
    public var status: VerdictStatus { lanes.map(\.status).max() ?? .healthy }
    /// The highest attempt that the place has seen.
    public var attempt: Int? { lanes.compactMap(\.attempt).max() }
    /// Whether the place failed within the incident.
    public var failed: Bool { lanes.contains { $0.failed } }
    /// Names the place in what was told.
    var id: String { "\(az)\u{1F}\(node)" }

    mutating func beginIncident() {
        counts = StatusCounts()
        for i in lanes.indices { lanes[i].failed = false }
        for i in metrics.indices { metrics[i].beginIncident() }
    }

    /// Whether every concern that failed has recovered. A concern not heard of
    /// since `horizon` no longer counts: its gateway is gone.
    func hasRecovered(after attempts: Int, heardSince horizon: Timestamp) -> Bool {
        lanes.allSatisfy {
            !$0.failed || $0.healthyRun >= attempts || $0.lastSeen < horizon
        }
    }

    /// Folds a verdict in. Returns whether the attempts began anew.
    mutating func absorb(_ event: Event, status: VerdictStatus, inIncident: Bool) -> Bool {
        var restarted = false
        let concern = (event.concern == "all" ? "" : event.concern ?? "").clipped(to: Bounds.name)
        var index = lanes.firstIndex { $0.concern == concern }
        if index == nil, lanes.count < Bounds.lanes {
            lanes.append(Lane(concern: concern, at: event.ts))
            index = lanes.count - 1
        }
        if let index {
            restarted = lanes[index].absorb(event, status: status, inIncident: inIncident)
        }
        if restarted {
            for i in metrics.indices { metrics[i].restartAttempts() }
        }
        if inIncident { counts[status] += 1 }
        omittedMetrics = 0
        for delta in event.deltas {
            let name = delta.metric.clipped(to: Bounds.name)
            if let known = metrics.firstIndex(where: { $0.metric == name }) {
                metrics[known].absorb(delta, attempt: event.attempt, inIncident: inIncident)
            } else if metrics.count < Bounds.metrics {
                var track = MetricTrack(name, unit: delta.unit)
                track.absorb(delta, attempt: event.attempt, inIncident: inIncident)
                metrics.append(track)
            } else {
                omittedMetrics += 1
            }
        }
        return restarted
    }
}

extension Source.Lane {
    mutating func absorb(_ event: Event, status: VerdictStatus, inIncident: Bool) -> Bool {
        let run = event.extra("run")?.integer.map { "/\($0)" } ?? ""
        let named = ((event.extra("series")?.string ?? "") + run).clipped(to: Bounds.name)
        let restarted = !series.isEmpty && !named.isEmpty && series != named
        let again = !restarted && event.attempt != nil && event.attempt == attempt
        if restarted { failures = 0 }
        if !named.isEmpty { series = named }
        // The run that goes on is the one that its last request describes.
        failureLimit = event.extra("failure_limit")?.integer.flatMap { Int(exactly: $0) }
        runCount = event.extra("run_count")?.integer.flatMap { Int(exactly: $0) }
        attempt = event.attempt ?? attempt
        lastSeen = max(lastSeen, event.ts)
        // `analysis.recovered` beside `analysis.healthy` is one attempt, not two.
        if status != .healthy {
            healthyRun = 0
        } else if !(again && self.status == .healthy) || healthyRun == 0 {
            healthyRun += 1
        }
        if status == .unhealthy, !again { failures += 1 }
        self.status = status
        if status.isDegraded { lastFailure = event.id.clipped(to: Bounds.name) }
        if inIncident, status.isDegraded { failed = true }
        return restarted
    }
}
