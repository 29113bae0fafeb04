import Digests
import Events
import JSON
import Testing

/// The scenes that people meet, as a script: how many messages each causes, and how soon.
@Suite("Scenes")
struct SceneTests {
    private static let settings = DigestSettings(route: DigestRoute(receivers: ["oncall"]))

    /// An attempt in every zone, each 30 s; a healthy zone has the rate 0.1 %.
    private static func attempt(
        _ log: inout LogScript, _ n: Int, _ statuses: [(az: String, status: VerdictStatus)],
        failureLimit: Int? = nil
    ) {
        for (az, status) in statuses {
            var event = log.verdict(
                status, az: az, attempt: n, rate: status == .healthy ? 0.001 : 0.019,
                series: "s/1")
            if let failureLimit {
                event.extra.append(
                    JSONValue.Member("failure_limit", .number("\(failureLimit)")))
            }
            log.write(event)
        }
    }

    @Test("Failing in two zones: red within first_after, the second zone and the abort at once")
    func twoZones() throws {
        var log = LogScript(Self.settings)
        Self.attempt(&log, 1, [("a", .healthy), ("b", .healthy)], failureLimit: 2)
        log.pass(milliseconds: 30_000)
        Self.attempt(&log, 2, [("a", .unhealthy), ("b", .healthy)], failureLimit: 2)
        let red = log.now
        log.pass(milliseconds: 30_000)
        let second = log.now
        Self.attempt(&log, 3, [("a", .unhealthy), ("b", .unhealthy)], failureLimit: 2)
        log.pass(milliseconds: 30_000)
        let limit = log.now
        Self.attempt(&log, 4, [("a", .unhealthy), ("b", .unhealthy)], failureLimit: 2)
        log.pass(milliseconds: 2000)
        let abort = log.now
        log.write(log.hook("aborted"))
        log.pass(milliseconds: 600_000)
        let said = log.said()
        #expect(
            said.map { $0.outcome ?? $0.kind.rawValue } == [
                "failing", "failing", "failing", "aborted",
            ])
        let delays = zip(said, [red, second, limit, abort]).map { $0.composedAt - $1 }
        #expect(
            delays == [.seconds(10), .milliseconds(250), .milliseconds(250), .milliseconds(250)])
        #expect(Set(said.map(\.thread)).count == 1)
        #expect(said.reduce(0) { $0 + $1.events } == 7)
    }

    @Test("Recovery: one message, after two healthy attempts in every zone that failed")
    func recovery() {
        var log = LogScript(Self.settings)
        Self.attempt(&log, 1, [("a", .unhealthy), ("b", .unhealthy)])
        for n in 2...12 {
            log.pass(milliseconds: 30_000)
            Self.attempt(&log, n, [("a", .healthy), ("b", n < 4 ? .unhealthy : .healthy)])
        }
        log.pass(milliseconds: 3_600_000)
        let said = log.said()
        #expect(said.map(\.kind) == [.failing, .recovered])
        #expect(said.last?.attempts.last == 5)
    }

    @Test("Flapping: named once, with how often, in one incident")
    func flapping() {
        var log = LogScript(Self.settings)
        for n in 1...60 {
            Self.attempt(&log, n, [("a", n % 2 == 1 ? .unhealthy : .healthy)])
            log.pass(milliseconds: 30_000)
        }
        let said = log.said()
        #expect(said.map(\.kind) == [.failing, .failing])
        #expect(said.last?.changes == [.flapping])
        #expect(said.last?.flaps ?? 0 >= 3)
        #expect(Set(said.map(\.thread)).count == 1)
    }

    @Test("Flapping across zones: one incident, named as such, which has not recovered")
    func zonesInTurn() {
        var log = LogScript(Self.settings)
        for n in 1...40 {
            let (a, b): (VerdictStatus, VerdictStatus) =
                n % 2 == 1 ? (.unhealthy, .healthy) : (.healthy, .unhealthy)
            Self.attempt(&log, n, [("a", a), ("b", b)])
            log.pass(milliseconds: 30_000)
        }
        let said = log.said()
        #expect(said.allSatisfy { $0.kind == .failing }, "\(said.map(\.kind))")
        #expect((2...4).contains(said.count), "\(said.count)")
        #expect(said.contains { $0.changes.contains(.flapping) })
        #expect(Set(said.map(\.thread)).count == 1)
    }

    @Test(
        "20 and 60 rollouts in a second: one message; two for an hour with their recovery",
        arguments: [20, 60])
    func storm(count: Int) {
        var log = LogScript(Self.settings)
        StormIncidentTests.fail(&log, 0..<count)
        for attempt in 2...10 {
            log.pass(milliseconds: 30_000)
            StormIncidentTests.fail(&log, 0..<count, attempt: attempt)
        }
        let said = log.said()
        #expect(said.map(\.kind) == [.rollup])
        #expect(said.first.map { $0.composedAt - $0.incidentStart } == .seconds(10))
        for attempt in 11...14 {
            log.pass(milliseconds: 30_000)
            StormIncidentTests.fail(&log, 0..<count, status: .healthy, attempt: attempt)
        }
        log.pass(milliseconds: 3_600_000)
        #expect(log.said().map(\.kind) == [.recovered])
    }

    @Test("A full disk: one message at once, another for what was removed")
    func fullDisk() {
        var log = LogScript(Self.settings)
        log.write(log.notice(EventName.logPressure, level: .error))
        log.pass(milliseconds: 250)
        #expect(log.said().map { $0.notices.map(\.event) } == [[EventName.logPressure]])
        log.pass(milliseconds: 2000)
        for _ in 0..<50 {
            log.write(log.notice(EventName.logTrimmed))
            log.pass(milliseconds: 60_000)
        }
        let said = log.said()
        #expect(said.count == 2)
        #expect(said.reduce(0) { $0 + $1.events } <= 50)
    }

    @Test("A paused canary without another attempt: at once, then at each promised time")
    func paused() {
        var log = LogScript(Self.settings)
        Self.attempt(&log, 1, [("a", .unknown)])
        log.pass(milliseconds: 60_000)
        let pause = log.now
        log.write(log.hook("paused"))
        log.pass(milliseconds: 3 * 1_800_000 + 1000)
        let said = log.said()
        #expect(said.map(\.outcome) == [nil, "paused", "paused", "paused", "paused"])
        #expect(said.dropFirst().first?.composedAt == pause + .milliseconds(250))
        for (a, b) in zip(said.dropFirst(), said.dropFirst(2)) { #expect(a.next == b.composedAt) }
    }

    @Test("Refused people and repeated dead letters: no message; a refused caller: one")
    func refusals() {
        var log = LogScript(Self.settings)
        for name in [EventName.requestRefused, EventName.authRefused, EventName.deliveryDead] {
            for _ in 0..<40 { log.write(log.notice(name, level: .info)) }
        }
        log.write(
            log.notice(EventName.receiverFailing, level: .error))
        log.pass(milliseconds: 3_600_000)
        #expect(log.said().isEmpty)
        for _ in 0..<40 { log.write(log.notice(EventName.authRefused)) }
        log.pass(milliseconds: 60_000)
        #expect(log.said().count == 1)
    }

    @Test("What parity measures neither fails nor recovers a rollout")
    func parity() {
        var log = LogScript(Self.settings)
        func compare(_ status: VerdictStatus) {
            var event = log.verdict(status, attempt: 1, rate: 0.02, series: "parity/1")
            event.extra.append(JSONValue.Member(EventName.trial, .bool(true)))
            log.write(event)
        }
        compare(.unhealthy)
        log.pass(milliseconds: 60_000)
        #expect(log.said().isEmpty)
        Self.attempt(&log, 1, [("a", .unhealthy)])
        for _ in 0..<4 { compare(.healthy) }
        log.pass(milliseconds: 120_000)
        #expect(log.said().map(\.kind) == [.failing])
    }

    @Test("A verdict with `trial: false` counts")
    func noTrial() {
        var log = LogScript(Self.settings)
        var event = log.verdict(.unhealthy, attempt: 1, rate: 0.02)
        event.extra.append(JSONValue.Member(EventName.trial, .bool(false)))
        log.write(event)
        log.pass(milliseconds: 60_000)
        #expect(log.said().map(\.kind) == [.failing])
    }
}
