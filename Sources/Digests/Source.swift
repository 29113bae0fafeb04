public import Events
import JSONScan

/// One place that measures a group: a gateway node in its zone.
public struct Source: Sendable, Hashable {
    /// One judged concern of the place; the merged route is the concern "".
    public struct Lane: Sendable, Hashable {
        public let concern: String
        public internal(set) var status: VerdictStatus = .healthy
        @SparingInt public internal(set) var attempt: Int? = nil
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
        @SparingInt var failureLimit: Int? = nil
        @SparingInt var runCount: Int? = nil
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

    /// Of `az` and `node`: tells most other places apart without a look at either.
    var mark: UInt64 {
        var (az, node) = (az, node)
        return az.withUTF8 { az in
            node.withUTF8 {
                Self.mark(UnsafeRawBufferPointer(az), UnsafeRawBufferPointer($0))
            }
        }
    }

    /// Equal names have equal marks.
    static func mark(_ az: UnsafeRawBufferPointer, _ node: UnsafeRawBufferPointer) -> UInt64 {
        var mark = UInt64(az.count)
        for bytes in [az, node] {
            var at = 0
            while at &+ 8 <= bytes.count {
                mark = Self.mix(mark, bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                at &+= 8
            }
            var rest = UInt64(0)
            while at < bytes.count {
                rest = rest << 8 | UInt64(bytes[at])
                at &+= 1
            }
            mark = Self.mix(mark, rest)
        }
        return mark
    }

    private static func mix(_ mark: UInt64, _ word: UInt64) -> UInt64 {
        let product = (mark ^ word) &* 0x9E37_79B9_7F4A_7C15
        return product ^ product >> 29
    }

    /// Whether this is the place with these names.
    func isPlace(az: UnsafeRawBufferPointer, node: UnsafeRawBufferPointer) -> Bool {
        self.node.isSpelled(node) && self.az.isSpelled(az)
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
    mutating func absorb(
        _ line: EventLine, status: VerdictStatus, inIncident: Bool, room: inout StateRoom
    ) -> Bool {
        var restarted = false
        if let lane = lane(of: line) {
            restarted = lanes[lane].absorb(line, status: status, inIncident: inIncident)
        }
        if restarted {
            for i in metrics.indices { metrics[i].restartAttempts() }
        }
        if inIncident { counts[status] +|= 1 }
        omittedMetrics = 0
        for i in line.deltas.indices {
            let delta = line.deltas[i]
            let known: Int?
            if let name = line.plainName(delta.metric) {
                known = place(ofMetric: name, i)
            } else {
                known = line.withName(delta.metric) { place(ofMetric: $0, i) }
            }
            if let place = known {
                metrics[place].absorb(delta, attempt: line.attempt, inIncident: inIncident)
            } else if room.takeTrack(after: metrics.count) {
                var track = MetricTrack(
                    line.withName(delta.metric) { String(name: $0) }, unit: delta.unit)
                track.absorb(delta, attempt: line.attempt, inIncident: inIncident)
                metrics.append(track)
            } else {
                omittedMetrics += 1
            }
        }
        return restarted
    }

    /// The place of a metric, the first look where it is expected.
    private func place(ofMetric name: UnsafeRawBufferPointer, _ expected: Int) -> Int? {
        // A place measures the same metrics in the same order, mostly.
        if expected < metrics.count, metrics[expected].metric.isSpelled(name) { return expected }
        for i in metrics.indices where metrics[i].metric.isSpelled(name) { return i }
        return nil
    }

    /// The lane that a line speaks of; nil when there are too many.
    private mutating func lane(of line: EventLine) -> Int? {
        let isMerged = line[.concern] == nil || line.says(.concern, "all")
        if isMerged {
            for i in lanes.indices where lanes[i].concern.isEmpty { return i }
        } else {
            let known = line.withName(.concern) { name in
                lanes.firstIndex { $0.concern.isSpelled(name) }
            }
            if let known { return known }
        }
        guard lanes.count < Bounds.lanes else { return nil }
        lanes.append(Lane(concern: isMerged ? "" : line.name(.concern), at: line.ts))
        return lanes.count - 1
    }
}

extension Source.Lane {
    mutating func absorb(_ line: EventLine, status: VerdictStatus, inIncident: Bool) -> Bool {
        let named = Self.series(of: line)
        let restarted = !series.isEmpty && !named.isEmpty && series != named
        let again = !restarted && line.attempt != nil && line.attempt == attempt
        if restarted { failures = 0 }
        if !named.isEmpty { series = named }
        // The run that goes on is the one that its last request describes.
        failureLimit = line.count(.failureLimit)?.value
        runCount = line.count(.runCount)?.value
        attempt = line.attempt ?? attempt
        lastSeen = max(lastSeen, line.ts)
        // `analysis.recovered` beside `analysis.healthy` is one attempt, not two.
        if status != .healthy {
            healthyRun = 0
        } else if !(again && self.status == .healthy) || healthyRun == 0 {
            healthyRun +|= 1
        }
        if status == .unhealthy, !again { failures +|= 1 }
        self.status = status
        if status.isDegraded { lastFailure = line.name(.id) }
        if inIncident, status.isDegraded { failed = true }
        return restarted
    }

    /// The series and the run that a line says it is of; empty when it says neither.
    private static func series(of line: EventLine) -> String {
        guard line.hasExtras else { return "" }
        let run = line.integer("run").map { "/\($0)" } ?? ""
        return ((line.extra("series")?.string ?? "") + run).clipped(to: Bounds.name)
    }
}
