public import Digests
import Events
import JSON

/// Sample digests of every kind, composed by a `DigestMachine` from invented events.
///
/// Templates are tested with them, and people can preview messages with them.
public enum SampleDigests {
    public struct Sample: Sendable {
        /// The sample's name; also usable as a file name.
        public let name: String
        public let digest: Digest
    }

    /// All samples; the same in every run.
    public static let named: [Sample] = [
        sample("one-az") { story in
            for n in 3...6 { story.attempt(n, rates: [0.002 + 0.004 * Double(n - 3)]) }
        },
        sample("many-azs", DigestSettings(abortAfter: 4, attemptsPerRun: 10)) { story in
            for n in 3...7 {
                let rate = 0.002 + 0.00425 * Double(n - 3)
                story.attempt(
                    n, rates: [rate, rate * 0.75, 0.001, 0.002], p99: 180 + 60 * Double(n - 3))
            }
        },
        sample("changed", DigestSettings(abortAfter: 4, attemptsPerRun: 10)) { story in
            for n in 1...2 { story.attempt(n, rates: [0.006, 0.001]) }
            story.pass(70)
            for n in 3...5 { story.attempt(n, rates: [0.02, 0.013], p99: 620) }
            story.pass(60)
        },
        sample("repeated") { story in
            for n in 1...61 { story.attempt(n, rates: [0.02]) }
        },
        sample("recovery") { story in
            for n in 1...6 { story.attempt(n, rates: [0.02, 0.014], p99: 560) }
            for n in 7...9 { story.attempt(n, rates: [0.002, 0.001]) }
            story.pass(60)
        },
        sample("comparability") { story in
            for n in 1...3 { story.attempt(n, rates: [0.02]) }
            story.notice(
                EventName.comparabilityChanged,
                "the policy or the binary changed inside this run: its attempts cannot be compared",
                revision: "17")
            story.pass(90)
        },
        sample("paused") { story in
            for n in 1...3 { story.attempt(n, rates: [0.008]) }
            story.pass(60)
            story.end("paused")
            story.pass(60)
        },
        sample("ended") { story in
            for n in 1...3 { story.attempt(n, rates: [0.05]) }
            story.pass(60)
            story.end("aborted")
            story.pass(60)
        },
        sample("silent") { story in
            story.attempt(1, rates: [0.05])
            story.pass(4000)
        },
        sample("nodata") { story in
            for n in 1...3 { story.attempt(n, rates: [nil, nil]) }
        },
        sample("flap", DigestSettings(recoverAfter: 1)) { story in
            for n in 1...9 {
                story.attempt(n, rates: [n % 2 == 1 ? 0.02 : 0.001])
                story.pass(50)
            }
        },
        sample("silence") { story in
            story.silence(minutes: 20)
            for n in 1...3 { story.attempt(n, rates: [0.02]) }
            for n in 4...6 { story.attempt(n, rates: [0.002]) }
            for n in 7...44 { story.attempt(n, rates: [0.02]) }
        },
        sample("node-fault") { story in
            for rollout in ["payments-api", "search", "checkout"] { story.fullDisk(rollout) }
            story.pass(15)
        },
        sample("binary-changed") { story in
            for n in 1...5 { story.attempt(n, rates: [0.02], binary: n < 4 ? "a" : "b") }
            story.pass(60)
        },
        sample("auth-refused") { story in
            for _ in 1...12 {
                story.notice(EventName.authRefused, "401 token_expired: the token has expired")
            }
        },
        sample("disk-shed") { story in
            story.notice(
                EventName.logShed,
                "the log was under pressure (quota): 1204 lines lost (healthy 1200, refusal 4)",
                count: 1204, rollout: nil)
        },
        sample("storm-rollup", DigestSettings(maxGroups: 1, storm: .off)) { story in
            for n in 0..<60 {
                story.attempt(4, rates: [0.012 + 0.0003 * Double(n)], rollout: "service-\(n)")
            }
        },
        sample("storm") { story in
            for n in 0..<60 {
                story.attempt(4, rates: [0.012 + 0.0003 * Double(n)], rollout: "service-\(n)")
            }
        },
        sample("storm-group") { story in
            for n in 1...25 {
                for gateway in 0..<40 {
                    story.attempt(
                        n, rates: [0.011 + 0.0002 * Double(gateway)], gateway: gateway)
                }
            }
            story.pass(60)
        },
        sample("late") { story in
            story.lag = .seconds(1200)
            for n in 3...4 { story.attempt(n, rates: [0.02]) }
        },
    ]

    /// The digests of all samples.
    public static let all: [Digest] = named.map(\.digest)

    /// One digest of each kind as if composed at `now`, marked as tests. The recovery follows the
    /// failure in one incident.
    public static func tests(at now: Timestamp) -> [Digest] {
        let names = ["many-azs", "recovery", "ended", "auth-refused", "storm-rollup"]
        return names.enumerated().compactMap { index, name in
            guard var digest = named.first(where: { $0.name == name })?.digest else { return nil }
            let incident = "test-\(now.milliseconds / 1000)-\(name == "recovery" ? names[0] : name)"
            digest.move(by: now - digest.composedAt)
            digest.isTest = true
            digest.thread = incident
            digest.id = "\(incident).\(index + 1)"
            return digest
        }
    }

    /// Returns the last digest of a story.
    ///
    /// A story without a digest is a defect that the tests find; it becomes an empty notice.
    private static func sample(
        _ name: String, _ settings: DigestSettings = DigestSettings(),
        _ tell: (inout SampleStory) -> Void
    ) -> Sample {
        var story = SampleStory(settings)
        tell(&story)
        story.pass(15)
        let nothing = Digest(
            id: "", thread: "", kind: .notice, occasion: .first, group: GroupKey([]),
            from: story.now, to: story.now, incidentStart: story.now, composedAt: story.now)
        return Sample(name: name, digest: story.last ?? nothing)
    }
}

extension Digest {
    /// Moves every time of the digest.
    fileprivate mutating func move(by shift: Duration) {
        from = from + shift
        to = to + shift
        incidentStart = incidentStart + shift
        incidentEnd = incidentEnd.map { $0 + shift }
        composedAt = composedAt + shift
        next = next.map { $0 + shift }
        unmeasuredSince = unmeasuredSince.map { $0 + shift }
        flapsSince = flapsSince.map { $0 + shift }
    }
}

/// Invented events and the machine that reads them.
struct SampleStory {
    private var machine: DigestMachine
    private(set) var now = Timestamp(milliseconds: 1_795_600_800_000)
    private var end = LogPosition(segment: 1, offset: 0)
    private var previous: [String: Double] = [:]
    private(set) var last: Digest?
    /// How long after its time an attempt is read.
    var lag = Duration.zero

    private static let zones = ["eu-west-1a", "us-east-1b", "eu-west-1c", "us-east-1d"]

    init(_ settings: DigestSettings) { machine = DigestMachine(settings: settings) }

    mutating func pass(_ seconds: Int) {
        for _ in 0..<seconds {
            now = now + .seconds(1)
            if let digest = machine.due(now: now, caughtUp: true).last { last = digest }
        }
    }

    /// Adds one attempt in as many zones as there are rates.
    ///
    /// For payments-api without `gateway`, 30 s pass after it.
    mutating func attempt(
        _ n: Int, rates: [Double?], p99: Double = 180, binary: String = "a",
        rollout: String = "payments-api", gateway: Int? = nil
    ) {
        for (zone, rate) in zip(Self.zones, rates) {
            let node = gateway.map { "gw-\($0)" } ?? "gw-\(zone)"
            let slow: Double? = rate == nil ? nil : (rate ?? 0) > 0.005 ? p99 : 180
            let deltas = [
                delta("canary.5xx_rate", rate, 0.002, warn: 0.005, fail: 0.01, node + rollout),
                delta("canary.p99_ms", slow, 180, warn: 400, fail: 500, node + rollout),
            ]
            let state = deltas.map(\.state).max() ?? .pass
            let status: VerdictStatus =
                switch state {
                case .pass: .healthy
                case .warn: .degraded
                case .nodata: .unknown
                case .fail: .unhealthy
                }
            var event = Event(
                id: "e-\(gateway.map { "\($0)" } ?? zone)-\(n)", ts: now - lag,
                level: state == .pass ? .info : .error,
                event: EventName.analysis(status), node: node, az: zone)
            event.namespace = "prod"
            event.rollout = rollout
            event.revision = "17"
            event.concern = "all"
            event.attempt = n
            event.status = status
            event.deltas = deltas
            event.reasons = deltas.filter { $0.state != .pass }.map(Self.reason)
            event.policy = "sha256:5f0c1d2e3a4b"
            event.binary = "sha256:\(String(repeating: binary, count: 12))"
            if rollout == "payments-api", gateway == nil {
                event.extra = [
                    .init("weight", .number("20")), .init("step", .number("2")),
                    .init("image", .string("registry.example/payments:1.9.0")),
                    .init("previous_image", .string("registry.example/payments:1.8.4")),
                ]
            }
            write(event)
        }
        if rollout == "payments-api", gateway == nil { pass(30) }
    }

    /// Silences payments-api from now on.
    mutating func silence(minutes: Int) {
        machine.silences = [
            Silence(
                id: "s5f0c1d2e", filter: .equal("rollout", "payments-api"),
                schedule: .once(from: now, until: now + .seconds(minutes * 60)), who: "alice",
                why: "load test of the new cache")
        ]
    }

    /// Adds a verdict that is unhealthy only because of the gateway's own disk.
    mutating func fullDisk(_ rollout: String) {
        let disk = MetricDelta(
            metric: "gateway.disk_ok", value: 0, previous: 1, limit: 0.5, unit: .flag, state: .fail)
        var event = Event(
            id: "d-\(rollout)", ts: now, level: .error, event: EventName.unhealthy,
            node: "gw-a1", az: Self.zones[0], namespace: "prod", rollout: rollout, revision: "17",
            concern: "all", attempt: 3, status: .unhealthy, deltas: [disk])
        event.reasons = [
            Reason(check: disk.metric, state: .fail, value: 0, limit: 0.5, why: "abs_fail")
        ]
        write(event)
    }

    mutating func notice(
        _ name: String, _ message: String, count: Int? = nil, rollout: String? = "payments-api",
        revision: String? = nil
    ) {
        write(
            Event(
                ts: now, level: .warn, event: name, node: "gw-a1", az: "eu-west-1a",
                namespace: rollout == nil ? nil : "prod", rollout: rollout, revision: revision,
                message: message,
                extra: count.map { [JSONValue.Member("count", .number("\($0)"))] } ?? []))
    }

    mutating func end(_ outcome: String) {
        write(
            Event(
                ts: now, event: "rollout.\(outcome)", namespace: "prod", rollout: "payments-api",
                revision: "17",
                message: outcome == "aborted"
                    ? "Argo aborted the rollout: metric \"canary\" assessed Failed due to failed (3) "
                        + "> failureLimit (2)" : "the rollout is paused (InconclusiveAnalysisRun)"))
    }

    private mutating func write(_ event: Event) {
        end.offset += 512
        machine.observe(event, at: end, now: now)
    }

    private mutating func delta(
        _ metric: String, _ value: Double?, _ stable: Double, warn: Double, fail: Double,
        _ lane: String
    ) -> MetricDelta {
        let known = previous[lane + metric]
        previous[lane + metric] = value
        let state: CheckState =
            switch value {
            case nil: .nodata
            case let value? where value > fail: .fail
            case let value? where value > warn: .warn
            default: .pass
            }
        return MetricDelta(
            metric: metric, value: value, previous: known, stable: stable,
            limit: state == .warn ? warn : fail, unit: MetricUnit(metricName: metric),
            state: state)
    }

    private static func reason(_ delta: MetricDelta) -> Reason {
        Reason(
            check: delta.metric, state: delta.state, value: delta.value, limit: delta.limit,
            stable: delta.stable, previous: delta.previous,
            why: delta.state == .nodata ? "timeout" : "abs_\(delta.state.rawValue)")
    }
}
