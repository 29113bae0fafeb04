import Digests
import Events
import JSON
import Testing

@Suite("Groups that fail together")
struct StormIncidentTests {
    static let route = DigestRoute(receivers: ["oncall"])

    /// Verdicts of `count` rollouts, each with an own metric value.
    static func fail(
        _ log: inout LogScript, _ rollouts: Range<Int>, az: String = "eu-west-1b",
        status: VerdictStatus = .unhealthy, attempt: Int = 1
    ) {
        for n in rollouts {
            log.write(
                log.verdict(
                    status, az: az, attempt: attempt,
                    rate: status == .healthy ? 0.001 : 0.02 + Double(n) / 10_000,
                    rollout: "service-\(n)", series: "s\(n)"))
        }
    }

    @Test(
        "are one incident named after what they share, with the worst ten and an exact count",
        arguments: [20, 60])
    func together(count: Int) throws {
        var log = LogScript(DigestSettings(route: Self.route))
        Self.fail(&log, 0..<count)
        log.pass(10)
        let said = log.said()
        #expect(said.count == 1)
        let storm = try #require(said.first?.rollup?.storm)
        #expect(
            storm.shared == [
                SharedTrait(.node, "gw-eu-west-1b"), SharedTrait(.az, "eu-west-1b"),
                SharedTrait(.check, "canary.5xx_rate"),
            ])
        #expect(said.first?.rollup?.groups == count)
        #expect(said.first?.rollup?.members.count == 10)
        #expect(said.first?.rollup?.members.first?.group["rollout"] == "service-\(count - 1)")
        #expect(said.first?.events == count)
        #expect(said.first?.incidentStart == LogScript.epoch)

        // They go on failing; then they recover.
        for attempt in 2...20 {
            log.pass(20)
            Self.fail(&log, 0..<count, attempt: attempt)
        }
        #expect(log.said().isEmpty)
        for attempt in 21...23 {
            log.pass(20)
            Self.fail(&log, 0..<count, status: .healthy, attempt: attempt)
        }
        log.pass(70)
        let end = log.said()
        #expect(end.map(\.kind) == [.recovered])
        #expect(end.first?.thread == said.first?.thread)
        #expect(end.first?.rollup?.storm?.recovered == count)
        #expect(end.first?.eventsInIncident == count * 22)
        #expect(log.machine.openGroups == 0)
        #expect(log.machine.nextDeadline == nil)
    }

    @Test("that begin one after another join; at most three messages a minute, all counted")
    func trickle() throws {
        var log = LogScript(DigestSettings(route: Self.route))
        for n in 0..<60 {
            Self.fail(&log, n..<(n + 1))
            log.pass(1)
        }
        log.pass(90)
        let said = log.said()
        #expect(Set(said.map(\.thread)).count == 1)
        for digest in said {
            let minute = said.filter {
                $0.composedAt <= digest.composedAt
                    && $0.composedAt + .seconds(60) > digest.composedAt
            }
            #expect(minute.count <= 3)
        }
        #expect(said.last?.rollup?.groups == 60)
        #expect(said.reduce(0) { $0 + $1.events } == 60)
    }

    @Test("A group that fails otherwise speaks for itself again; the storm counts it out")
    func differs() throws {
        var log = LogScript(DigestSettings(route: Self.route))
        Self.fail(&log, 0..<8)
        log.pass(10)
        _ = log.said()
        log.pass(70)
        Self.fail(&log, 3..<4, az: "us-east-1a")
        log.pass(2)
        let said = log.said()
        #expect(said.count == 2)
        #expect(said.first?.rollup?.storm?.left == 1)
        #expect(said.first?.rollup?.groups == 7)
        #expect(said.last?.group["rollout"] == "service-3")
        #expect(said.last?.places.count == 2)
        log.pass(300)
        #expect(log.said().isEmpty)
    }

    @Test("Groups that share nothing have messages of their own, within the receiver's limit")
    func unlike() {
        var log = LogScript(DigestSettings(route: Self.route))
        for n in 0..<12 {
            var event = log.verdict(
                .unhealthy, az: "zone-\(n)", attempt: 1, rate: 0.02, rollout: "service-\(n)")
            event.deltas[0].metric = "canary.m\(n)"
            event.reasons = []
            log.write(event)
        }
        log.pass(10)
        let said = log.said()
        #expect(said.count == 3)
        let storms = said.compactMap { $0.rollup?.storm }
        #expect(storms.isEmpty)
        #expect(said.reduce(0) { $0 + ($1.rollup?.groups ?? 1) } == 12)
        #expect(said.reduce(0) { $0 + $1.events } == 12)
    }

    @Test("Receivers of other routes get only their own groups, each within its limit")
    func routes() throws {
        let route = DigestRoute(
            receivers: ["oncall"],
            routes: [
                DigestRoute(
                    filter: try Filter("rollout~service-1", .digests(groupBy: ["rollout"])),
                    receivers: ["oncall", "mail"])
            ])
        var log = LogScript(DigestSettings(route: route))
        Self.fail(&log, 0..<30)
        log.pass(10)
        let said = log.said()
        #expect(
            Set(said.map { "\($0.receivers) \($0.rollup?.groups ?? 1)" })
                == [#"["oncall"] 19"#, #"["oncall", "mail"] 11"#])
    }

    @Test("An abort within a storm updates it at once")
    func aborted() {
        var log = LogScript(DigestSettings(route: Self.route))
        Self.fail(&log, 0..<10)
        log.pass(10)
        _ = log.said()
        log.pass(5)
        for n in 0..<10 {
            log.write(
                Event(
                    ts: log.now, event: EventName.rolloutAborted, namespace: "prod",
                    rollout: "service-\(n)", revision: "17"))
        }
        log.pass(1)
        let said = log.said()
        #expect(said.map(\.kind) == [.ended])
        #expect(said.first?.rollup?.storm?.aborted == 10)
        log.pass(3600)
        #expect(log.said().isEmpty)
    }

    @Test("A pause within a storm updates it at once")
    func paused() {
        var log = LogScript(DigestSettings(route: Self.route))
        Self.fail(&log, 0..<10)
        log.pass(10)
        _ = log.said()
        log.pass(5)
        log.write(
            Event(
                ts: log.now, event: EventName.rolloutPaused, namespace: "prod",
                rollout: "service-3", revision: "17"))
        log.pass(1)
        let said = log.said()
        #expect(said.map { $0.rollup?.storm?.paused } == [1])
        #expect(said.first?.rollup?.groups == 10)
        log.pass(300)
        #expect(log.said().isEmpty)
    }

    @Test("A storm whose groups all fail otherwise ends; it has not recovered")
    func left() throws {
        var log = LogScript(DigestSettings(route: Self.route))
        Self.fail(&log, 0..<8)
        log.pass(10)
        let thread = log.said().first?.thread
        log.pass(70)
        Self.fail(&log, 0..<8, az: "us-east-1a")
        log.pass(2)
        let said = log.said()
        let end = try #require(said.first { $0.thread == thread })
        #expect(end.kind == .ended)
        #expect(end.status == nil)
        #expect(end.rollup?.storm?.left == 8)
    }

    @Test("A restart at any moment changes nothing", arguments: [0, 5, 11, 40, 75, 200])
    func restart(after: Int) {
        func run(_ restarts: Bool) -> [Digest] {
            var log = LogScript(DigestSettings(route: Self.route))
            for second in 0..<400 {
                if second % 30 == 0 {
                    Self.fail(
                        &log, 0..<(second < 60 ? 7 : 12),
                        status: second > 240 ? .healthy : .unhealthy, attempt: second / 30 + 1)
                }
                log.pass(1)
                if restarts, second == after {
                    let checkpoint = log.machine.checkpoint()
                    log.machine = DigestMachine(
                        settings: log.machine.settings, position: checkpoint.position,
                        states: checkpoint.changed)
                    for line in log.lines where line.end > checkpoint.position {
                        log.machine.observe(line.event, at: line.end, now: line.event.ts)
                    }
                }
            }
            return log.said()
        }
        let whole = run(false)
        #expect(whole.count > 2)
        #expect(run(true) == whole)
    }

    @Test("A stored storm that cannot be read lets its groups speak")
    func unreadable() {
        var log = LogScript(DigestSettings(route: Self.route))
        Self.fail(&log, 0..<8)
        log.pass(10)
        _ = log.said()
        let checkpoint = log.machine.checkpoint()
        var states = checkpoint.changed
        states["shared"] = nil
        log.machine = DigestMachine(
            settings: log.machine.settings, position: checkpoint.position, states: states)
        log.pass(70)
        #expect(log.said().reduce(0) { $0 + ($1.rollup?.groups ?? 1) } == 8)
    }

    @Test("Turned off, every group speaks for itself")
    func off() {
        var log = LogScript(DigestSettings(storm: .off, route: Self.route))
        Self.fail(&log, 0..<8)
        log.pass(10)
        #expect(log.said().count == 8)
    }
}
