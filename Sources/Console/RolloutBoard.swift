public import Events
import JSON

/// The latest attempts of each rollout and node, in bounded memory.
///
/// A value without I/O that is fed with events in log order. Keeps the latest `attemptsShown`
/// attempts of each lane. When the number of rollouts or attempts or their size exceeds its
/// limit, the rollouts without events for the longest time are removed.
public struct RolloutBoard: Sendable {
    /// One attempt as the page shows it.
    public struct Attempt: Sendable {
        public let event: String
        public let number: Int
        public let run: Int
        public let status: VerdictStatus
        public let at: Timestamp
        public let deltas: [MetricDelta]
        /// A position in the log before the attempt's line.
        public let from: LogPosition

        /// Estimated memory use.
        var bytes: Int {
            deltas.reduce(160 + event.utf8.count) { $0 + 112 + $1.metric.utf8.count }
        }
    }

    /// The attempts of a rollout on one node of a zone.
    public struct Lane: Sendable {
        public let az: String
        public let node: String
        /// Ascending by number, all of one run.
        public internal(set) var attempts: [Attempt] = []
        public internal(set) var run = 0
    }

    public struct Rollout: Sendable {
        public let key: Key
        public internal(set) var lanes: [Lane] = []
        public internal(set) var seen: Timestamp

        /// The worst of the lanes' latest verdicts.
        public var status: VerdictStatus {
            lanes.compactMap(\.attempts.last?.status).max() ?? .unknown
        }
    }

    public struct Key: Sendable, Hashable {
        public let namespace: String
        public let rollout: String
        public let revision: String
        public let concern: String
    }

    /// The latest facts about a node from its events.
    public struct Node: Sendable {
        public let name: String
        public internal(set) var az: String
        public internal(set) var binary: String?
        /// Policy hashes by policy and concern: rollouts are judged by different policies, and each
        /// concern by a part of one. The key of the default policy is the concern alone.
        public internal(set) var policies: [String: String] = [:]
        public internal(set) var seen: Timestamp
    }

    public static let attemptsShown = 20
    static let rolloutsKept = 200
    static let lanesKept = 24
    static let nodesKept = 200
    static let policiesKept = 64
    static let attemptsKept = 12_000
    static let bytesKept = 8 << 20
    private static let deltasKept = 12
    private static let longestText = 200

    public private(set) var rollouts: [Key: Rollout] = [:]
    public private(set) var nodes: [String: Node] = [:]
    /// Rises with every change.
    public private(set) var version = 0
    private var attempts = 0
    /// Estimated memory use of all attempts.
    private(set) var bytes = 0

    public init() {}

    /// The events that the board uses.
    public static let wanted = Filter.contains("event", "analysis.")

    /// Adds an event; ignores those that are not verdicts.
    ///
    /// - Parameter from: A position in the log before the event's line.
    public mutating func observe(_ event: Event, from: LogPosition) {
        guard event.event.hasPrefix("analysis."), let status = event.status,
            let name = event.rollout
        else { return }
        version += 1
        noteNode(event)
        let key = Key(
            namespace: Self.short(event.namespace ?? "default"), rollout: Self.short(name),
            revision: Self.short(event.revision ?? ""),
            concern: Self.short(event.concern ?? "all"))
        var rollout = rollouts.removeValue(forKey: key) ?? Rollout(key: key, seen: event.ts)
        rollout.seen = max(rollout.seen, event.ts)
        let place = lane(of: event, in: &rollout)
        guard let place else {
            rollouts[key] = rollout
            return
        }
        let run = event.extra("run")?.count?.value ?? 1
        if run != rollout.lanes[place].run {
            // Attempts of different runs cannot be compared.
            discount(rollout.lanes[place].attempts)
            rollout.lanes[place].attempts = []
            rollout.lanes[place].run = run
        }
        let last = rollout.lanes[place].attempts.last?.number ?? 0
        let number = event.attempt ?? last +| 1
        let attempt = Attempt(
            event: Self.short(event.id), number: number, run: run, status: status, at: event.ts,
            deltas: event.deltas.prefix(Self.deltasKept).map { delta in
                var delta = delta
                delta.metric = Self.short(delta.metric)
                return delta
            }, from: from)
        insert(attempt, into: &rollout.lanes[place])
        rollouts[key] = rollout
        forget()
    }

    private mutating func insert(_ attempt: Attempt, into lane: inout Lane) {
        bytes += attempt.bytes
        if let same = lane.attempts.firstIndex(where: { $0.number == attempt.number }) {
            bytes -= lane.attempts[same].bytes
            lane.attempts[same] = attempt
            return
        }
        let place = lane.attempts.lastIndex { $0.number < attempt.number }.map { $0 + 1 } ?? 0
        lane.attempts.insert(attempt, at: place)
        attempts += 1
        if lane.attempts.count > Self.attemptsShown {
            discount([lane.attempts.removeFirst()])
        }
    }

    private mutating func discount(_ gone: [Attempt]) {
        attempts -= gone.count
        bytes -= gone.reduce(0) { $0 + $1.bytes }
    }

    /// Returns the event's lane, added if needed; nil when the rollout has too many lanes.
    private func lane(of event: Event, in rollout: inout Rollout) -> Int? {
        let az = Self.short(event.az ?? "")
        let node = Self.short(event.node ?? "")
        if let place = rollout.lanes.firstIndex(where: { $0.az == az && $0.node == node }) {
            return place
        }
        guard rollout.lanes.count < Self.lanesKept else { return nil }
        let place =
            rollout.lanes.firstIndex { ($0.az, $0.node) > (az, node) } ?? rollout.lanes.count
        rollout.lanes.insert(Lane(az: az, node: node), at: place)
        return place
    }

    private mutating func noteNode(_ event: Event) {
        guard let name = event.node, !name.isEmpty else { return }
        let short = Self.short(name)
        var node =
            nodes[short] ?? Node(name: short, az: Self.short(event.az ?? ""), seen: event.ts)
        node.seen = max(node.seen, event.ts)
        if let az = event.az { node.az = Self.short(az) }
        if let binary = event.binary { node.binary = Self.short(binary) }
        if let policy = event.policy {
            let concern = event.concern ?? "all"
            let name = event.extra("policy_name")?.string ?? "default"
            let key = Self.short(name == "default" ? concern : "\(name)/\(concern)")
            if node.policies.count < Self.policiesKept || node.policies[key] != nil {
                node.policies[key] = Self.short(policy)
            }
        }
        nodes[short] = node
        if nodes.count > Self.nodesKept, let oldest = nodes.values.min(by: { $0.seen < $1.seen }) {
            nodes[oldest.name] = nil
        }
    }

    private mutating func forget() {
        while rollouts.count > Self.rolloutsKept || attempts > Self.attemptsKept
            || bytes > Self.bytesKept,
            rollouts.count > 1,
            let oldest = rollouts.values.min(by: { $0.seen < $1.seen })
        {
            for lane in oldest.lanes { discount(lane.attempts) }
            rollouts[oldest.key] = nil
        }
    }

    private static func short(_ text: String) -> String {
        guard text.utf8.count > longestText else { return text }
        // Cut by bytes, because one character can be as long as a line.
        var bytes = 0
        let kept = text.unicodeScalars.prefix { scalar in
            bytes += UTF8.width(scalar)
            return bytes <= longestText
        }
        return String(String.UnicodeScalarView(kept)) + "…"
    }

    // MARK: - Reading

    /// Returns the rollouts measured since `start`, sorted by worst status, then latest first.
    public func inFlight(since start: Timestamp) -> [Rollout] {
        rollouts.values.filter { $0.seen >= start }.sorted {
            if $0.status != $1.status { return $0.status > $1.status }
            return ($1.seen, $0.key.rollout) < ($0.seen, $1.key.rollout)
        }
    }

    /// Returns the rollouts not measured since `start`, latest first.
    public func quiet(since start: Timestamp) -> [Rollout] {
        rollouts.values.filter { $0.seen < start }.sorted {
            ($1.seen, $0.key.rollout) < ($0.seen, $1.key.rollout)
        }
    }

    /// Returns the attempt whose event has this id.
    public func attempt(event id: String) -> Attempt? {
        for rollout in rollouts.values {
            for lane in rollout.lanes {
                if let attempt = lane.attempts.first(where: { $0.event == id }) { return attempt }
            }
        }
        return nil
    }

    /// Whether the node's executable or one of its policies differs from the most common one of
    /// the nodes with events since `start`.
    public func skew(of node: Node, since start: Timestamp) -> (binary: Bool, policy: Bool) {
        let recent = nodes.values.filter { $0.seen >= start }
        let binary = Self.common(recent.compactMap(\.binary))
        let isPolicySkewed = node.policies.contains { concern, policy in
            Self.common(recent.compactMap { $0.policies[concern] }).map { $0 != policy } ?? false
        }
        return (node.binary.map { $0 != binary } ?? false, isPolicySkewed)
    }

    /// Returns the most common value; of equally common ones the smallest.
    private static func common(_ values: [String]) -> String? {
        var counts: [String: Int] = [:]
        for value in values { counts[value, default: 0] += 1 }
        return counts.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key
    }
}
