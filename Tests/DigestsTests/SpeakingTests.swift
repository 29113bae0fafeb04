import Digests
import Events
import JSON
import Testing

@Suite("When a group sends a message")
struct SpeakingTests {
    @Test("The first failure of a quiet group is reported after first_after")
    func firstAfter() {
        var log = LogScript()
        log.write(log.verdict(.unhealthy, attempt: 4, rate: 0.019))
        #expect(log.machine.nextDeadline == log.now + .seconds(10))
        log.pass(9)
        #expect(log.said().isEmpty)
        log.pass(1)
        let said = log.said()
        #expect(said.map(\.kind) == [.failing])
        #expect(said.first?.occasion == .first)
        #expect(said.first?.status == .unhealthy)
        #expect(said.first?.events == 1)
        #expect(said.first?.group.fields.map(\.value) == ["prod", "payments-api", "17"])
    }

    @Test("Healthy attempts alone are never reported")
    func healthy() {
        var log = LogScript()
        for n in 1...50 {
            log.write(log.verdict(.healthy, attempt: n, rate: 0.001))
            log.pass(30)
        }
        #expect(log.said().isEmpty)
        #expect(log.machine.nextDeadline == nil)
    }

    @Test("An unchanged failure is silent until repeat, then reported once with all its events")
    func unchanged() {
        var log = LogScript()
        for n in 1...61 {
            log.write(log.verdict(.unhealthy, attempt: n, rate: 0.019))
            log.pass(30)
        }
        let said = log.said()
        #expect(said.map(\.occasion) == [.first, .repeated])
        #expect(said.map(\.ordinalSuffix) == ["1", "2"])
        #expect(said.last.map { $0.composedAt - $0.incidentStart } == .seconds(10 + 1800))
        #expect(said.last?.events == 60)
        #expect(said.last?.eventsInIncident == 61)
        #expect(said.first?.thread == said.last?.thread)
    }

    @Test("A second zone, a worse verdict and a new metric are reported, at most once a window")
    func changes() {
        var log = LogScript()
        log.write(log.verdict(.degraded, attempt: 1, rate: 0.006))
        log.pass(10)
        #expect(log.said().count == 1)

        log.write(log.verdict(.degraded, az: "us-east-1b", attempt: 1, rate: 0.006))
        log.pass(20)
        log.write(log.verdict(.unhealthy, attempt: 2, rate: 0.019))
        #expect(log.said().isEmpty, "the window is not over")
        log.pass(40)
        let said = log.said()
        #expect(said.count == 1)
        #expect(
            said.first?.changes == [
                .worse(
                    az: "eu-west-1a", node: "gw-eu-west-1a", from: .degraded, to: .unhealthy),
                .place(az: "us-east-1b", node: "gw-us-east-1b", status: .degraded),
            ])
        #expect(said.first?.events == 2)

        var slow = log.verdict(.unhealthy, attempt: 3, rate: 0.02)
        slow.deltas.append(
            MetricDelta(
                metric: "canary.p99_ms", value: 900, limit: 500, unit: .milliseconds, state: .fail))
        log.write(slow)
        log.pass(60)
        #expect(log.said().first?.changes == [.metric("canary.p99_ms")])
    }

    @Test("The last attempt before the abort limit is reported, once")
    func lastChance() {
        var log = LogScript(DigestSettings(abortAfter: 3))
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.pass(10)
        #expect(log.said().first?.failuresUntilAbort == 2)
        log.pass(60)
        log.write(log.verdict(.unhealthy, attempt: 2, rate: 0.02))
        log.pass(10)
        let said = log.said()
        #expect(said.first?.changes == [.lastChance])
        #expect(said.first?.failuresUntilAbort == 1)
        log.pass(60)
        log.write(log.verdict(.unhealthy, attempt: 3, rate: 0.02))
        log.pass(60)
        #expect(log.said().isEmpty)
    }

    @Test("The caller's run parameters take precedence over the settings")
    func callersRun() {
        var log = LogScript(DigestSettings(abortAfter: 9, attemptsPerRun: 99))
        func attempt(_ n: Int) {
            var event = log.verdict(.unhealthy, attempt: n, rate: 0.02)
            event.extra += [
                JSONValue.Member("run_count", .number("10")),
                JSONValue.Member("failure_limit", .number("2")),
            ]
            log.write(event)
        }
        attempt(4)
        log.pass(10)
        let first = log.said().first
        #expect(first?.failuresUntilAbort == 2)
        #expect(first?.attemptsPerRun == 10)
        log.machine = DigestMachine(
            settings: log.machine.settings, position: log.machine.position,
            states: log.machine.checkpoint().changed)
        log.pass(60)
        attempt(5)
        log.pass(10)
        let second = log.said().first
        #expect(second?.changes == [.lastChance])
        #expect(second?.failuresUntilAbort == 1)
        #expect(second?.attemptsPerRun == 10)
    }

    @Test("A zone that returns and fails as before is not news")
    func back() {
        var log = LogScript()
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.write(log.verdict(.unhealthy, az: "us-east-1b", attempt: 1, rate: 0.02))
        log.pass(100)
        #expect(log.said().count == 1)
        log.write(log.verdict(.healthy, attempt: 2, rate: 0.002))
        log.pass(30)
        log.write(log.verdict(.unhealthy, attempt: 3, rate: 0.02))
        log.pass(300)
        #expect(log.said().isEmpty)
    }

    @Test("A backlog becomes one message, and a reader that cannot catch up still reports")
    func backlog() {
        var log = LogScript()
        for n in 1...40 {
            log.append(log.verdict(n < 5 ? .degraded : .unhealthy, attempt: n, rate: 0.02))
            log.now = log.now + .seconds(30)
        }
        for line in log.lines {
            log.machine.observe(line.event, at: line.end, now: log.now)
            #expect(log.machine.due(now: log.now, caughtUp: false).isEmpty)
        }
        var behind = log.machine
        let said = log.machine.due(now: log.now, caughtUp: true)
        #expect(said.count == 1)
        #expect(said.first?.events == 40)
        #expect(said.first?.attempts.counts == StatusCounts(degraded: 4, unhealthy: 36))

        #expect(behind.due(now: log.now + .seconds(299), caughtUp: false).isEmpty)
        #expect(behind.due(now: log.now + .seconds(300), caughtUp: false).count == 1)
    }

    @Test("A sender whose clock is an hour off causes neither delays nor a flood")
    func foreignClocks() {
        for skew in [-3600, 3600] {
            var log = LogScript()
            for n in 1...20 {
                var event = log.verdict(.unhealthy, az: "zone-\(n)", attempt: n, rate: 0.02)
                event.ts = event.ts + .seconds(skew)
                log.write(event)
                log.pass(6)
            }
            let said = log.said()
            #expect(said.count >= 2 && said.count <= 3, "skew \(skew): \(said.count)")
            #expect(said.allSatisfy { $0.composedAt <= log.now })
        }
    }
}

extension Digest {
    var ordinalSuffix: String { String(id.split(separator: ".").last ?? "") }
}
