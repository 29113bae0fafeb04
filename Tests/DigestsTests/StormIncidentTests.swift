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
        for n in 0..<12 { log.write(Self.unlike(log, n)) }
        log.pass(10)
        let said = log.said()
        #expect(said.count == 3)
        let storms = said.compactMap { $0.rollup?.storm }
        #expect(storms.isEmpty)
        #expect(said.reduce(0) { $0 + ($1.rollup?.groups ?? 1) } == 12)
        #expect(said.reduce(0) { $0 + $1.events } == 12)
    }

    @Test("Six on one gateway and four unlike ones: only the six are a storm, named after it")
    func mixed() throws {
        var log = LogScript(DigestSettings(route: Self.route))
        Self.fail(&log, 0..<6)
        for n in 6..<10 { log.write(Self.unlike(log, n)) }
        log.pass(10)
        let said = log.said()
        let storms = said.compactMap { $0.rollup?.storm }
        #expect(storms.count == 1)
        let storm = try #require(storms.first)
        #expect(storm.joined == 6)
        #expect(
            storm.shared == [
                SharedTrait(.node, "gw-eu-west-1b"), SharedTrait(.az, "eu-west-1b"),
                SharedTrait(.check, "canary.5xx_rate"),
            ])
        // An unlike one that begins to fail within the minute does not join.
        log.pass(5)
        log.write(Self.unlike(log, 10))
        // One of the six fails elsewhere, and by another check: it leaves.
        var elsewhere = Self.unlike(log, 3)
        elsewhere.attempt = 2
        log.write(elsewhere)
        var healthy = log.verdict(
            .healthy, az: "eu-west-1b", attempt: 2, rate: 0.001, rollout: "service-3")
        healthy.id = "h3"
        log.write(healthy)
        log.pass(120)
        let later = log.said().compactMap { $0.rollup?.storm }
        let last = try #require(later.last)
        #expect(last.joined == 6)
        #expect(last.left == 1)
    }

    /// A verdict of `service-<n>` that shares no place and no check with others.
    private static func unlike(
        _ log: LogScript, _ n: Int, _ status: VerdictStatus = .unhealthy,
        policy: String = "sha256:5f0c1d2e3a4b", binary: String = "sha256:aaaaaaaaaaaa"
    ) -> Event {
        var event = log.verdict(
            status, az: "zone-\(n)", attempt: 1, rate: status == .healthy ? 0.001 : 0.02,
            rollout: "service-\(n)", policy: policy, binary: binary)
        event.deltas[0].metric = "canary.m\(n)"
        event.reasons = []
        return event
    }

    @Test("A zone alone, or a check alone, names the storm")
    func headlines() {
        var zone = LogScript(DigestSettings(route: Self.route))
        for n in 0..<6 {
            var event = Self.unlike(zone, n)
            event.az = "eu-west-1b"
            zone.write(event)
        }
        zone.pass(10)
        #expect(
            zone.said().compactMap { $0.rollup?.storm?.shared } == [
                [SharedTrait(.az, "eu-west-1b")]
            ])
        var check = LogScript(DigestSettings(route: Self.route))
        for n in 0..<6 {
            var event = Self.unlike(check, n)
            event.deltas[0].metric = "dependency.db"
            check.write(event)
        }
        check.pass(10)
        #expect(
            check.said().compactMap { $0.rollup?.storm?.shared } == [
                [SharedTrait(.check, "dependency.db")]
            ])
    }

    @Test(
        "A policy or a binary names the storm if some other group has another one",
        arguments: [SharedTrait.Kind.policy, .binary])
    func versions(kind: SharedTrait.Kind) {
        func run(others: String, before: Int) -> [[SharedTrait]] {
            var log = LogScript(DigestSettings(route: Self.route))
            log.write(
                Self.unlike(
                    log, 90, .healthy, policy: kind == .policy ? others : "sha256:p",
                    binary: kind == .binary ? others : "sha256:b"))
            log.pass(before)
            for n in 0..<6 {
                let new = "sha256:new"
                log.write(
                    Self.unlike(
                        log, n, policy: kind == .policy ? new : "sha256:p",
                        binary: kind == .binary ? new : "sha256:b"))
            }
            log.pass(10)
            return log.said().compactMap { $0.rollup?.storm?.shared }
        }
        #expect(run(others: "sha256:old", before: 30) == [[SharedTrait(kind, "sha256:new")]])
        #expect(run(others: "sha256:new", before: 30) == [], "the whole fleet has it")
        #expect(run(others: "sha256:old", before: 900) == [], "nothing measures with the other one")
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

    /// An event of the controller of `service-<n>`.
    static func hook(_ log: LogScript, _ word: String, _ n: Int) -> Event {
        var event = log.hook(word)
        event.rollout = "service-\(n)"
        return event
    }

    /// A storm of ten groups with its first message said, and what was said in the second after
    /// each of the two steps, which are five seconds apart.
    private static func said(after steps: ((inout LogScript) -> Void)...) -> [[Digest]] {
        var log = LogScript(DigestSettings(route: Self.route))
        Self.fail(&log, 0..<10)
        log.pass(10)
        _ = log.said()
        var said: [[Digest]] = []
        for step in steps {
            log.pass(4)
            step(&log)
            log.pass(1)
            said.append(log.said())
        }
        return said
    }

    private static func key(_ n: Int) -> GroupKey {
        GroupKey([
            GroupKey.Field("namespace", "prod"), GroupKey.Field("rollout", "service-\(n)"),
            GroupKey.Field("revision", "17"),
        ])
    }

    @Test("A second abort or a second pause updates a storm at once, too, and is named")
    func second() {
        let aborts = Self.said(
            after: { $0.write(Self.hook($0, "aborted", 3)) },
            { $0.write(Self.hook($0, "aborted", 7)) })
        #expect(
            aborts.map { $0.map(\.changes) } == [
                [[.runs(.aborted, groups: [Self.key(3)], count: 1)]],
                [[.runs(.aborted, groups: [Self.key(7)], count: 1)]],
            ])
        #expect(aborts.last?.first?.rollup?.storm?.aborted == 2)
        let pauses = Self.said(
            after: { $0.write(Self.hook($0, "paused", 3)) },
            { $0.write(Self.hook($0, "paused", 7)) })
        #expect(
            pauses.map { $0.map(\.changes) } == [
                [[.runs(.paused, groups: [Self.key(3)], count: 1)]],
                [[.runs(.paused, groups: [Self.key(7)], count: 1)]],
            ])
    }

    @Test("A group of a storm that reaches its limit updates it at once, and is named")
    func limit() {
        func reach(_ n: Int) -> (inout LogScript) -> Void {
            return { log in
                var event = log.verdict(
                    .unhealthy, az: "eu-west-1b", attempt: 2, rate: 0.02,
                    rollout: "service-\(n)", series: "s\(n)")
                event.extra.append(JSONValue.Member("failure_limit", .number("1")))
                log.write(event)
            }
        }
        let said = Self.said(after: reach(3), reach(7))
        #expect(
            said.map { $0.map(\.changes) } == [
                [[.runs(.atLimit, groups: [Self.key(3)], count: 1)]],
                [[.runs(.atLimit, groups: [Self.key(7)], count: 1)]],
            ])
        #expect(said.last?.first?.rollup?.storm?.atLimit == 2)
    }

    @Test("Another zone of a storm that shares a check updates it at once")
    func zone() {
        var log = LogScript(DigestSettings(route: Self.route))
        for n in 0..<6 { Self.fail(&log, n..<(n + 1), az: "zone-\(n)") }
        log.pass(10)
        #expect(log.said().map { $0.rollup?.storm?.shared.first?.kind } == [.check])
        log.pass(5)
        Self.fail(&log, 2..<3, az: "zone-9", attempt: 2)
        log.pass(1)
        let said = log.said()
        #expect(
            said.map(\.changes) == [[.place(az: "zone-9", node: "", status: .unhealthy)]])
        log.pass(5)
        Self.fail(&log, 3..<4, az: "zone-9", attempt: 2)
        log.pass(1)
        #expect(log.said().isEmpty, "the zone is reported")
    }

    @Test("Aborts one after another: at most three messages a minute, each run named once")
    func aborts() {
        var log = LogScript(DigestSettings(route: Self.route))
        Self.fail(&log, 0..<10)
        log.pass(10)
        var said = log.said()
        for n in 0..<10 {
            log.pass(3)
            log.write(Self.hook(log, "aborted", n))
        }
        log.pass(90)
        said += log.said()
        for digest in said {
            let minute = said.filter {
                $0.composedAt <= digest.composedAt
                    && $0.composedAt + .seconds(60) > digest.composedAt
            }
            #expect(minute.count <= 3)
        }
        let named = said.flatMap(\.changes).flatMap { change in
            if case .runs(.aborted, let groups, _) = change { return groups }
            return []
        }
        #expect(named == (0..<10).map(Self.key))
        #expect(said.last?.kind == .ended)
        #expect(said.last?.outcome == "aborted")
    }

    @Test("A storm stored by an earlier version is read, which is no news")
    func earlier() throws {
        var log = LogScript(DigestSettings(route: Self.route))
        Self.fail(&log, 0..<8)
        log.pass(10)
        _ = log.said()
        log.write(Self.hook(log, "aborted", 3))
        log.pass(1)
        #expect(log.said().count == 1)
        let checkpoint = log.machine.checkpoint()
        var states = checkpoint.changed
        let shared = try #require(states["shared"])
        var earlier = shared
        for name in [
            #""at_limit":0,"#, #""zones":["eu-west-1b"],"#, #""aborted":[],"#,
            #""reported_aborted":1,"#, #""reported_at_limit":0,"#, #""reported_zones":1,"#,
        ] {
            try #require(earlier.contains(name))
            earlier = earlier.replacing(name, with: "")
        }
        states["shared"] = earlier
        states = states.mapValues {
            $0.replacing(#""reported"#, with: #""told"#)
                .replacing(#""unreported"#, with: #""untold"#)
        }
        log.machine = DigestMachine(
            settings: log.machine.settings, position: checkpoint.position, states: states)
        #expect(log.machine.unreadable == 0)
        Self.fail(&log, 0..<1, attempt: 2)
        log.pass(50)
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

    @Test(
        "News of a member is no decision; a lost state changes no message",
        arguments: [20, 77, 130])
    func memberNews(after: Int) {
        func run(_ isLost: Bool) -> (said: [Digest], decisions: Int) {
            var log = LogScript(DigestSettings(route: Self.route))
            var (states, decided) = ([String: String](), LogPosition.start)
            var decisions = 0
            for second in 0..<200 {
                if second % 5 == 0 {
                    Self.fail(
                        &log, 0..<7, status: second % 10 == 0 ? .unhealthy : .degraded,
                        attempt: second / 5 + 1)
                }
                log.pass(1)
                let checkpoint = log.machine.checkpoint()
                if !checkpoint.decisions.isEmpty {
                    decisions += 1
                    decided = checkpoint.position
                    for (key, state) in checkpoint.decisions { states[key] = state }
                }
                if isLost, second == after {
                    let rebuilding = DigestMachine.rebuilding(states, decidedAt: decided)
                    log.machine = DigestMachine(
                        settings: log.machine.settings, position: rebuilding.from, states: states)
                    for line in log.lines where line.end > rebuilding.from {
                        log.machine.observe(line.event, at: line.end, now: line.event.ts)
                    }
                }
            }
            return (log.said(), decisions)
        }
        let whole = run(false)
        #expect(whole.said.map(\.kind) == [.rollup, .rollup])
        // 280 lines, and only the messages changed what a restart has to know.
        #expect(whole.decisions <= 2)
        #expect(run(true).said == whole.said)
    }

    @Test(
        "A storm that nobody measures says so at its reminder and at its end, after a restart too")
    func unmeasured() {
        var log = LogScript(DigestSettings(route: Self.route))
        Self.fail(&log, 0..<60)
        let measured = log.now
        log.pass(900)
        let checkpoint = log.machine.checkpoint()
        log.machine = DigestMachine(
            settings: log.machine.settings, position: checkpoint.position,
            states: checkpoint.changed)
        log.pass(4000)
        let said = log.said()
        #expect(said.map(\.kind) == [.rollup, .rollup, .ended])
        #expect(said.map(\.unmeasuredSince) == [nil, measured, measured])
        #expect(said.last?.incidentEnd == measured)
        #expect(said.last?.rollup?.storm?.ended == 60)
    }

    @Test("A storm that is measured is not called unmeasured")
    func measured() {
        var log = LogScript(DigestSettings(route: Self.route))
        Self.fail(&log, 0..<6)
        for attempt in 2...140 {
            log.pass(30)
            Self.fail(&log, 0..<6, attempt: attempt)
        }
        let said = log.said()
        #expect(said.count == 3)
        #expect(said.allSatisfy { $0.unmeasuredSince == nil })
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
