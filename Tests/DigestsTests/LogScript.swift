import Digests
import Events
import JSON

/// A scripted log: lines with positions, and a machine that reads them.
struct LogScript {
    static let epoch = Timestamp(milliseconds: 1_795_600_920_000)

    var machine: DigestMachine
    var now = Self.epoch
    private(set) var lines: [(event: Event, end: LogPosition)] = []
    private(set) var digests: [Digest] = []

    init(_ settings: DigestSettings = DigestSettings()) {
        machine = DigestMachine(settings: settings)
    }

    /// Appends a line, and the machine reads it.
    mutating func write(_ event: Event) {
        append(event)
        machine.observe(event, at: lines[lines.count - 1].end, now: now)
    }

    /// Appends a line that the machine does not read yet.
    mutating func append(_ event: Event) {
        let last = lines.last?.end ?? LogPosition(segment: 1, offset: 0)
        lines.append((event, LogPosition(segment: 1, offset: last.offset + 100)))
    }

    /// Advances time and composes every second.
    mutating func pass(_ seconds: Int) {
        for _ in 0..<seconds {
            now = now + .seconds(1)
            digests += machine.due(now: now, caughtUp: true)
        }
    }

    /// Advances time by milliseconds and composes when the machine asks for it.
    mutating func pass(milliseconds: Int) {
        let end = now + .milliseconds(milliseconds)
        while let next = machine.nextDeadline, next <= end {
            now = max(now, next)
            let due = machine.due(now: now, caughtUp: true)
            digests += due
            if due.isEmpty, machine.nextDeadline == next { break }
        }
        now = end
        digests += machine.due(now: now, caughtUp: true)
    }

    /// An event of the rollout's controller.
    func hook(_ word: String, revision: String? = "17") -> Event {
        Event(
            id: "h\(lines.count)", ts: now, event: "rollout.\(word)", namespace: "prod",
            rollout: "payments-api", revision: revision)
    }

    /// The stored states after `checkpoint`. All states are written by every checkpoint in tests.
    func stored(_ checkpoint: Checkpoint) -> [String: String] {
        var states = checkpoint.changed
        for state in machine.states where states[state.key.text] == nil {
            states[state.key.text] = state.json
        }
        return states
    }

    /// The digests since the last call.
    mutating func said() -> [Digest] {
        defer { digests = [] }
        return digests
    }

    /// A verdict event of one zone, at the present time.
    func verdict(
        _ status: VerdictStatus, az: String = "eu-west-1a", attempt: Int? = nil,
        rate: Double? = nil, rollout: String = "payments-api", concern: String? = "all",
        series: String? = nil, policy: String? = "sha256:5f0c1d2e3a4b",
        binary: String? = "sha256:aaaaaaaaaaaa"
    ) -> Event {
        let state: CheckState =
            switch status {
            case .healthy: .pass
            case .degraded: .warn
            case .unknown: .nodata
            case .unhealthy: .fail
            }
        return Event(
            id: "e\(lines.count)", ts: now, level: status == .healthy ? .info : .error,
            event: EventName.analysis(status), node: "gw-\(az)", az: az, namespace: "prod",
            rollout: rollout, revision: "17", concern: concern, attempt: attempt, status: status,
            deltas: [
                MetricDelta(
                    metric: "canary.5xx_rate", value: rate, stable: 0.002, limit: 0.01,
                    unit: .ratio, state: state)
            ],
            reasons: status == .healthy
                ? []
                : [
                    Reason(
                        check: "canary.5xx_rate", state: state, value: rate, limit: 0.01,
                        why: "abs_\(state.rawValue)")
                ],
            policy: policy, binary: binary,
            extra: series.map { [JSONValue.Member("series", .string($0))] } ?? [])
    }

    func notice(
        _ name: String, level: Event.Level = .warn, node: String = "gw-a1", rollout: String? = nil,
        extra: [JSONValue.Member] = []
    ) -> Event {
        Event(
            id: "n\(lines.count)", ts: now, level: level, event: name, node: node,
            namespace: rollout == nil ? nil : "prod", rollout: rollout,
            message: "\(name) happened", extra: extra)
    }
}
