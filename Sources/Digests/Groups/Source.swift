public import Events
import JSON

/// One place that measures a group: a gateway node in its zone.
public struct Source: Sendable, Hashable {
    /// One concern of the place; the merged route has the concern "".
    public struct Lane: Sendable, Hashable {
        public let concern: String
        public internal(set) var status: VerdictStatus = .healthy
        public internal(set) var attempt: Int? = nil
        /// The event id of the last attempt that was not healthy.
        public internal(set) var lastFailure = ""
        /// The series and the run. When it changes, the attempts count from 1 again.
        var series = ""
        /// The number of consecutive healthy attempts.
        var healthyRun = 0
        /// The number of unhealthy attempts of the run, as Argo's `failureLimit` counts them.
        var failures = 0
        /// The number of the run's attempts that were neither healthy nor unhealthy.
        var inconclusive = 0
        /// The failures that the caller's run tolerates; nil if not sent.
        var failureLimit: Int? = nil
        /// The inconclusive attempts that the caller's run tolerates; nil if not sent.
        var inconclusiveLimit: Int? = nil
        /// The number of attempts in the caller's run; nil if not sent.
        var runCount: Int? = nil
        /// Whether it failed within the incident and must recover before the incident ends.
        var failed = false
        /// Whether a verdict arrived since the last message.
        var hasReported = true
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
    /// The number of metrics of the last attempt that are not tracked.
    public internal(set) var omittedMetrics = 0
    /// Verdicts within the incident.
    public internal(set) var counts = StatusCounts()

    init(az: String, node: String) {
        self.az = az
        self.node = node
    }

    /// A hash of `az` and `node`, compared before the names are.
    var mark: UInt64 {
        var (az, node) = (az, node)
        return az.withUTF8 { az in
            node.withUTF8 {
                Self.mark(UnsafeRawBufferPointer(az), UnsafeRawBufferPointer($0))
            }
        }
    }

    /// The hash of two names. Equal names have equal hashes.
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

    /// The worst of the last verdicts of the place's concerns.
    public var status: VerdictStatus { lanes.map(\.status).max() ?? .healthy }
    /// The highest number among the last attempts of the place's concerns.
    public var attempt: Int? { lanes.compactMap(\.attempt).max() }
    /// Whether the place failed within the incident.
    public var failed: Bool { lanes.contains { $0.failed } }
    /// The key of the place in `LastReport`.
    var id: String { az + Self.separator + node }
    /// Stands between zone and node in `id`.
    static let separator = "\u{1F}"

    mutating func beginIncident() {
        counts = StatusCounts()
        for i in lanes.indices { lanes[i].failed = false }
        for i in metrics.indices { metrics[i].beginIncident() }
    }

    /// Whether every concern that failed has had `attempts` healthy attempts in a row.
    /// With `orQuiet`, or had no verdict since the last message: its gateway may be gone.
    func hasRecovered(after attempts: Int, orQuiet: Bool = false) -> Bool {
        for i in lanes.indices
        where lanes[i].failed && lanes[i].healthyRun < attempts
            && !(orQuiet && !lanes[i].hasReported)
        {
            return false
        }
        return true
    }

    /// Starts to note which concerns are still measured.
    mutating func settle() {
        for i in lanes.indices { lanes[i].hasReported = false }
    }

    /// Adds a verdict. Returns whether the attempts count from 1 again, and whether the concern is
    /// tracked: there may be too many.
    mutating func absorb(
        _ line: EventView, status: VerdictStatus, inIncident: Bool, budget: inout StateBudget
    ) -> (restarted: Bool, isTracked: Bool) {
        var restarted = false
        let known = lane(of: line)
        if let known {
            restarted = lanes[known].absorb(line, status: status, inIncident: inIncident)
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
            } else if budget.takeTrack(after: metrics.count) {
                var track = MetricTrack(
                    line.withName(delta.metric) { String(name: $0) }, unit: delta.unit)
                track.absorb(delta, attempt: line.attempt, inIncident: inIncident)
                metrics.append(track)
            } else {
                omittedMetrics += 1
            }
        }
        return (restarted, known != nil)
    }

    /// The index of a metric; tries the expected index first.
    private func place(ofMetric name: UnsafeRawBufferPointer, _ expected: Int) -> Int? {
        // A place mostly reports the same metrics in the same order.
        if expected < metrics.count, metrics[expected].metric.isSpelled(name) { return expected }
        for i in metrics.indices where metrics[i].metric.isSpelled(name) { return i }
        return nil
    }

    /// The index of a line's lane, which is added if needed; nil if there are too many.
    private mutating func lane(of line: EventView) -> Int? {
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
    mutating func absorb(_ line: EventView, status: VerdictStatus, inIncident: Bool) -> Bool {
        let named = Self.series(of: line)
        // Without a series, a run begins with the attempt 1.
        let restarted =
            named.isEmpty
            ? series.isEmpty && line.attempt == 1 && attempt ?? 1 > 1
            : !series.isEmpty && series != named
        let again = !restarted && line.attempt != nil && line.attempt == attempt
        if restarted {
            failures = 0
            inconclusive = 0
        }
        if !named.isEmpty { series = named }
        // The last request of the caller describes the current run.
        failureLimit = line.count(.failureLimit)?.value
        runCount = line.count(.runCount)?.value
        attempt = line.attempt ?? attempt
        lastSeen = max(lastSeen, line.ts)
        hasReported = true
        // `analysis.recovered` after `analysis.healthy` with the same number is one attempt.
        if status != .healthy {
            healthyRun = 0
        } else if !(again && self.status == .healthy) || healthyRun == 0 {
            healthyRun +|= 1
        }
        if status == .unhealthy, !again { failures +|= 1 }
        if status == .degraded || status == .unknown {
            if !again { inconclusive +|= 1 }
            inconclusiveLimit = line.count(.inconclusiveLimit)?.value
        }
        self.status = status
        if status.isDegraded { lastFailure = line.name(.id) }
        if inIncident, status.isDegraded { failed = true }
        return restarted
    }

    /// The series and the run of a line; empty if it contains neither.
    static func series(of line: EventView) -> String {
        guard line.hasExtras else { return "" }
        let run = line.integer("run").map { "/\($0)" } ?? ""
        return ((line.extra("series")?.string ?? "") + run).clipped(to: Bounds.name)
    }
}
