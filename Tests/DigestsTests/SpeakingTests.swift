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
        #expect(said.map(\.unmeasuredSince) == [nil, nil])
        #expect(said.map(\.ordinalSuffix) == ["1", "2"])
        #expect(said.last.map { $0.composedAt - $0.incidentStart } == .seconds(10 + 1800))
        #expect(said.last?.events == 60)
        #expect(said.last?.eventsInIncident == 61)
        #expect(said.first?.thread == said.last?.thread)
    }

    @Test("A second zone and a worse verdict are reported at once, a new metric in its window")
    func changes() {
        var log = LogScript()
        log.write(log.verdict(.degraded, attempt: 1, rate: 0.006))
        log.pass(10)
        #expect(log.said().count == 1)

        log.write(log.verdict(.degraded, az: "us-east-1b", attempt: 1, rate: 0.006))
        log.pass(milliseconds: 100)
        // What arrives together is reported together.
        log.write(log.verdict(.unhealthy, attempt: 2, rate: 0.019))
        #expect(log.said().isEmpty)
        log.pass(milliseconds: 150)
        let said = log.said()
        #expect(said.count == 1)
        #expect(
            said.first?.changes == [
                .worse(
                    az: "eu-west-1a", node: "gw-eu-west-1a", from: .degraded, to: .unhealthy),
                .place(az: "us-east-1b", node: "gw-us-east-1b", status: .degraded),
            ])
        #expect(said.first?.events == 2)

        log.write(log.verdict(.unhealthy, az: "us-east-1b", attempt: 2, rate: 0.02))
        log.pass(milliseconds: 250)
        #expect(log.said().count == 1)

        var slow = log.verdict(.unhealthy, attempt: 3, rate: 0.02)
        slow.deltas.append(
            MetricDelta(
                metric: "canary.p99_ms", value: 900, limit: 500, unit: .milliseconds, state: .fail))
        log.write(slow)
        log.pass(59)
        #expect(log.said().isEmpty)
        log.pass(1)
        #expect(log.said().first?.changes == [.metric("canary.p99_ms")])
    }

    @Test("Another node of a failing zone is no new zone")
    func secondNode() {
        var log = LogScript()
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.pass(10)
        _ = log.said()
        var other = log.verdict(.unhealthy, attempt: 1, rate: 0.02)
        other.node = "gw-2"
        log.write(other)
        log.pass(59)
        #expect(log.said().isEmpty)
        log.pass(1)
        #expect(log.said().count == 1)
    }

    @Test("Zones that fail one by one cause three messages a window at most, then one")
    func burst() {
        var log = LogScript()
        for n in 0..<25 {
            log.write(log.verdict(.unhealthy, az: "zone-\(n)", attempt: 1, rate: 0.02))
            log.pass(2)
        }
        log.pass(60)
        let said = log.said()
        #expect(said.count == 5)
        #expect(said.reduce(0) { $0 + $1.events } == 25)
    }

    @Test("A reached limit, an abort and a pause for a person are reported at once, each once")
    func decisive() {
        var log = LogScript()
        func attempt(_ n: Int, _ status: VerdictStatus) {
            var event = log.verdict(status, attempt: n, rate: 0.02, series: "s1")
            event.extra += [
                JSONValue.Member("failure_limit", .number("1")),
                JSONValue.Member("inconclusive_limit", .number("1")),
            ]
            log.write(event)
        }
        attempt(1, .unhealthy)
        log.pass(10)
        #expect(log.said().count == 1)
        attempt(2, .unhealthy)
        log.pass(milliseconds: 250)
        let limit = log.said()
        #expect(limit.map(\.changes) == [[.failureLimit]])
        #expect(limit.first?.failuresUntilAbort == 0)
        for n in 3...4 {
            log.pass(30)
            attempt(n, .unknown)
            log.pass(milliseconds: 250)
        }
        #expect(log.said().map(\.changes) == [[.inconclusiveLimit]])
        attempt(5, .unknown)
        log.pass(30)
        #expect(log.said().isEmpty)
        log.write(log.hook("paused"))
        log.pass(milliseconds: 250)
        let paused = log.said()
        #expect(paused.map(\.changes) == [[.paused]])
        #expect(paused.map(\.kind) == [.failing])
        #expect(paused.first?.next != nil)
        log.write(log.hook("aborted"))
        log.pass(milliseconds: 250)
        #expect(log.said().map(\.kind) == [.ended])
        log.pass(7200)
        #expect(log.said().isEmpty)
    }

    @Test("The first failure of a run without tolerance is reported at once: it aborts")
    func noTolerance() {
        var log = LogScript()
        var event = log.verdict(.unhealthy, attempt: 1, rate: 0.02)
        event.extra.append(JSONValue.Member("failure_limit", .number("0")))
        log.write(event)
        log.pass(milliseconds: 250)
        #expect(log.said().map(\.failuresUntilAbort) == [0])
    }

    @Test("An urgent message does not wait for a reader that is behind the log's head")
    func behind() {
        var log = LogScript()
        log.write(log.verdict(.degraded, attempt: 1, rate: 0.006))
        log.pass(10)
        _ = log.said()
        log.write(log.verdict(.unhealthy, attempt: 2, rate: 0.02))
        #expect(log.machine.due(now: log.now + .milliseconds(999), caughtUp: false).isEmpty)
        #expect(log.machine.due(now: log.now + .seconds(1), caughtUp: false).count == 1)
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
        #expect(log.said().map(\.changes) == [[.failureLimit]])
        log.write(log.verdict(.unhealthy, attempt: 4, rate: 0.02))
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
            #expect(said.count >= 2 && said.count <= 9, "skew \(skew): \(said.count)")
            #expect(said.allSatisfy { $0.composedAt <= log.now })
        }
    }
}

extension Digest {
    var ordinalSuffix: String { String(id.split(separator: ".").last ?? "") }
}
