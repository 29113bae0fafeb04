import Digests
import Events
import TestSupport
import Testing

/// A minimal notifier: a log, stored states, and a machine that can be killed.
private struct Notifier {
    let settings: DigestSettings
    var machine: DigestMachine
    var states: [String: String] = [:]
    var cursor = LogPosition.start
    var sent: [Digest] = []

    init(_ settings: DigestSettings) {
        self.settings = settings
        machine = DigestMachine(settings: settings)
    }

    /// Composes digests and stores everything in one transaction.
    mutating func turn(now: Timestamp) {
        sent += machine.due(now: now, caughtUp: true)
        let checkpoint = machine.checkpoint()
        for (key, state) in checkpoint.changed { states[key] = state }
        for key in checkpoint.removed { states[key] = nil }
        cursor = checkpoint.position
    }

    /// Simulates SIGKILL: only stored data remains.
    mutating func kill(log: ArraySlice<(event: Event, end: LogPosition)>, now: Timestamp) {
        machine = DigestMachine(settings: settings, position: cursor, states: states)
        for line in log where line.end > cursor {
            machine.observe(line.event, at: line.end, now: now)
        }
    }
}

@Suite("After a kill at any point, the same digests result")
struct ReplayTests {
    static let settings = DigestSettings(
        repeatEvery: .seconds(600), maxGroups: 4, abortAfter: 4, storm: StormSettings(groups: 8),
        route: DigestRoute(receivers: ["oncall"]))

    /// Two rollouts that fail increasingly, recover and flap in four zones, with refusals, lost
    /// lines, and a burst of small groups.
    static func story() -> [Event] {
        var script = LogScript()
        var random = SeededRandom(seed: 7)
        for n in 1...120 {
            for rollout in ["payments-api", "search"] {
                let phase = (n + (rollout == "search" ? 9 : 0)) / 15 % 3
                for az in ["a", "b", "c", "d"].prefix(2 + n / 60) {
                    let bad = phase == 1 && random.next() % 4 != 0
                    let status: VerdictStatus =
                        bad ? [.degraded, .unknown, .unhealthy][Int(random.next() % 3)] : .healthy
                    script.append(
                        script.verdict(
                            status, az: az, attempt: n, rate: Double(random.next() % 300) / 10_000,
                            rollout: rollout, series: "s\(n / 40)", policy: "p\(n / 100)"))
                }
            }
            if n % 17 == 0 { script.append(script.notice(EventName.authRefused)) }
            if n % 41 == 0 { script.append(script.notice(EventName.logShed)) }
            if n == 70 {
                for k in 0..<12 {
                    script.append(script.verdict(.unhealthy, attempt: 1, rollout: "burst-\(k)"))
                }
            }
            script.now = script.now + .seconds(11)
        }
        return script.lines.map(\.event)
    }

    /// Runs the story. After each line for which `dies` is true, the process is killed, before or
    /// after its output was stored.
    private static func run(
        _ events: [Event], dies: (Int) -> Bool = { _ in false }, checkpointEvery: Int = 1,
        from start: Int = 0, notifier: Notifier = Notifier(settings)
    ) -> [Digest] {
        var notifier = notifier
        for i in start..<events.count {
            step(&notifier, events, i, dies: dies(i), checkpointEvery: checkpointEvery)
        }
        return notifier.sent
    }

    private static func step(
        _ notifier: inout Notifier, _ events: [Event], _ i: Int, dies: Bool, checkpointEvery: Int
    ) {
        func line(_ i: Int) -> (event: Event, end: LogPosition) {
            let end = LogPosition(segment: 1 + UInt64(i / 97), offset: UInt64(i % 97 + 1) * 211)
            return (events[i], end)
        }
        let (event, end) = line(i)
        notifier.machine.observe(event, at: end, now: event.ts)
        if dies {
            var lost = notifier.machine
            _ = lost.due(now: event.ts, caughtUp: true)
            notifier.kill(log: (0...i).map(line)[...], now: event.ts)
        }
        if i % checkpointEvery == 0 || i == events.count - 1 { notifier.turn(now: event.ts) }
    }

    @Test("Killed after every single line")
    func everyLine() {
        let events = Self.story()
        let whole = Self.run(events)
        #expect(whole.count > 20)
        #expect(Set(whole.map(\.kind)).isSuperset(of: [.failing, .recovered, .notice, .rollup]))
        #expect(Set(whole.map(\.id)).count == whole.count)
        let killed = Self.run(events) { _ in true }
        #expect(killed == whole)
    }

    @Test("Killed once, after each prefix of the log")
    func everyPrefix() {
        let events = Array(Self.story().prefix(250))
        let whole = Self.run(events, checkpointEvery: 7)
        // Each victim has the same past, which runs once.
        var notifier = Notifier(Self.settings)
        for victim in events.indices {
            let rest = Self.run(
                events, dies: { $0 == victim }, checkpointEvery: 7, from: victim,
                notifier: notifier)
            #expect(rest == whole, "killed after \(victim)")
            Self.step(&notifier, events, victim, dies: false, checkpointEvery: 7)
        }
    }

    @Test("Every failure is in exactly one digest of its group")
    func nothingLost() {
        let events = Self.story()
        let alone = DigestSettings(repeatEvery: .seconds(600), maxGroups: 1000, storm: .off)
        var machine = DigestMachine(settings: alone)
        var folded = 0
        var end = LogPosition(segment: 1, offset: 0)
        for event in events {
            end.offset += 50
            machine.observe(event, at: end, now: event.ts)
            folded += machine.due(now: event.ts, caughtUp: true).reduce(0) { $0 + $1.events }
        }
        var now = events.last?.ts ?? LogScript.epoch
        for _ in 0..<2000 {
            now = now + .seconds(10)
            folded += machine.due(now: now, caughtUp: true).reduce(0) { $0 + $1.events }
        }
        let failures = events.count { $0.status?.isDegraded ?? true }
        #expect(folded >= failures)
        #expect(folded <= events.count)
        #expect(machine.nextDeadline == nil)
        #expect(machine.resumePosition(head: end) == end)
    }

    @Test("The cursor stays just before the first unreported line")
    func cursor() {
        var log = LogScript()
        log.write(log.verdict(.healthy, attempt: 1, rate: 0.001))
        let quiet = log.lines[0].end
        #expect(log.machine.resumePosition(head: quiet) == quiet)
        #expect(log.machine.checkpoint().position == quiet)
        log.write(log.verdict(.unhealthy, attempt: 2, rate: 0.02))
        log.write(log.verdict(.healthy, attempt: 1, rate: 0.001, rollout: "other"))
        #expect(log.machine.resumePosition(head: log.lines[2].end) == quiet)
        #expect(log.machine.checkpoint().position == quiet)
        log.pass(10)
        #expect(log.machine.resumePosition(head: log.lines[2].end) == log.lines[2].end)
        #expect(log.machine.checkpoint().position == log.lines[2].end)
        log.write(log.verdict(.unhealthy, attempt: 3, rate: 0.02))
        #expect(log.machine.resumePosition(head: log.lines[3].end) == log.lines[3].end)
        #expect(log.machine.resumePosition(head: quiet) == quiet)
    }

    @Test("An unreadable state is counted and reset")
    func brokenState() {
        let machine = DigestMachine(
            position: LogPosition(segment: 3, offset: 9),
            states: ["{}": "nonsense", "shared": "{}", #"{"node":"x"}"#: #"{"v":99}"#])
        #expect(machine.unreadable == 3)
        #expect(machine.states.isEmpty)
    }

    @Test("States survive encoding as text")
    func roundTrip() throws {
        var machine = DigestMachine(settings: Self.settings)
        var end = LogPosition(segment: 1, offset: 0)
        for event in Self.story() {
            end.offset += 50
            machine.observe(event, at: end, now: event.ts)
            _ = machine.due(now: event.ts, caughtUp: true)
        }
        #expect(machine.states.count > 14)
        for state in machine.states {
            let read = try #require(GroupState(json: state.json))
            #expect(read == state)
            #expect(read.json == state.json)
        }
    }
}
