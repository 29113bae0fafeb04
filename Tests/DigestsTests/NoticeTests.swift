import Digests
import Events
import JSON
import Testing

@Suite("Notices")
struct NoticeTests {
    @Test("A refusal is reported with its rollout if known, else with the node")
    func grouping() {
        var log = LogScript()
        log.write(log.notice(EventName.authRefused, rollout: "payments-api"))
        log.write(log.notice(EventName.requestRefused))
        log.pass(10)
        let said = log.said()
        #expect(said.map(\.kind) == [.notice, .notice])
        #expect(
            Set(said.map(\.group.text)) == [
                #"{"namespace":"prod","rollout":"payments-api"}"#, #"{"node":"gw-a1"}"#,
            ])
    }

    @Test("A name of verdicts that is none of ours is a notice, whatever its level")
    func almostVerdicts() {
        for name in ["analysis.failed", "analysis.Unhealthy"] {
            var log = LogScript()
            log.write(log.notice(name, level: .info, rollout: "payments-api"))
            log.pass(10)
            #expect(log.said().map { $0.notices.map(\.event) } == [[name]])
        }
        var log = LogScript()
        log.write(log.notice("deploy.done", level: .info, rollout: "payments-api"))
        log.pass(10)
        #expect(log.said().isEmpty)
    }

    @Test("Of a name and a status that contradict each other, the worse one counts")
    func contradictions() {
        for (name, status) in [
            (EventName.unhealthy, VerdictStatus.healthy), (EventName.healthy, .unhealthy),
            (EventName.degraded, .unhealthy), ("check.of.ours", .unhealthy),
        ] {
            var log = LogScript()
            var event = log.verdict(status, attempt: 1)
            event.event = name
            log.write(event)
            log.pass(15)
            #expect(log.said().map(\.status) == [.unhealthy], "\(name) \(status)")
        }
    }

    @Test("A repeated notice waits for repeat, another kind does not")
    func kinds() {
        var log = LogScript()
        for _ in 0..<10 { log.write(log.notice(EventName.authRefused)) }
        log.pass(100)
        #expect(log.said().first?.notices.map(\.unreported) == [10])
        for _ in 0..<5 { log.write(log.notice(EventName.authRefused)) }
        log.pass(100)
        #expect(log.said().isEmpty)
        log.write(log.notice(EventName.deliveryDead, level: .error))
        log.pass(60)
        let said = log.said()
        #expect(said.first?.changes == [.notice(EventName.deliveryDead)])
        #expect(said.first?.notices.map(\.unreported) == [1, 5])
        #expect(said.first?.notices.map(\.total) == [1, 15])
    }

    @Test("Failed handshakes of several callers are reported once, with the node")
    func handshakes() {
        var log = LogScript()
        for reason in ["certificate_refused", "client_certificate_refused"] {
            log.write(
                log.notice(
                    EventName.tlsRefused,
                    extra: [JSONValue.Member("reason", .string(reason))]))
        }
        log.pass(60)
        let said = log.said()
        #expect(said.map(\.kind) == [.notice])
        #expect(said.map(\.group.text) == [#"{"node":"gw-a1"}"#])
        #expect(said.first?.notices.map(\.event) == [EventName.tlsRefused])
        #expect(said.first?.notices.map(\.unreported) == [2])
        log.pass(1200)
        #expect(log.said().isEmpty)
    }

    @Test("A gateway that is silent again after it was back is reported again, and its return")
    func silentAgain() {
        var log = LogScript()
        for _ in 0..<3 {
            log.write(log.notice(EventName.gatewaySilent, level: .error, node: "gw-b1"))
            log.pass(61)
            log.write(log.notice(EventName.gatewayBack, level: .info, node: "gw-b1"))
            log.pass(61)
        }
        let said = log.said()
        #expect(
            said.map { $0.notices.map(\.event) }
                == Array(repeating: [[EventName.gatewaySilent], [EventName.gatewayBack]], count: 3)
                .flatMap { $0 })
        #expect(Set(said.map(\.group.text)) == [#"{"node":"gw-b1"}"#])
    }

    @Test("A quarantined line is a notice of its rollout, whatever the line was")
    func quarantined() {
        var log = LogScript()
        var event = log.notice(
            EventName.logQuarantined, level: .error, rollout: "payments-api",
            extra: [JSONValue.Member("line_event", .string(EventName.unhealthy))])
        event.revision = "17"
        log.write(event)
        log.pass(10)
        let said = log.said()
        #expect(said.map(\.kind) == [.notice])
        #expect(said.first?.notices.map(\.event) == [EventName.logQuarantined])
        #expect(said.first?.group["rollout"] == "payments-api")
    }

    @Test("A notice never delays the first failure after it")
    func failureBehindNotice() {
        var log = LogScript()
        var refusal = log.notice(EventName.authRefused, rollout: "payments-api")
        refusal.revision = "17"
        log.write(refusal)
        log.pass(10)
        #expect(log.said().map(\.kind) == [.notice])
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.pass(10)
        #expect(log.said().map(\.kind) == [.failing])
    }

    @Test("A measurement that is to be retried causes no message")
    func unmeasured() {
        var log = LogScript()
        var refusal = log.notice(EventName.requestRefused, rollout: "payments-api")
        refusal.extra.append(.init("unmeasured", .number("1")))
        log.write(refusal)
        log.pass(200)
        #expect(log.said().isEmpty)
    }

    @Test("A notice without news is removed silently, with or without healthy attempts")
    func forgotten() {
        var log = LogScript()
        log.write(log.notice(EventName.authRefused, rollout: "payments-api"))
        for n in 1...200 {
            var event = log.verdict(.healthy, attempt: n, rate: 0.001)
            event.revision = nil
            log.write(event)
            log.pass(30)
        }
        #expect(log.said().count == 1)
        #expect(log.machine.states.first?.isFailing == false)
    }

    @Test("Foreign events are reported from warn upwards; our own success events never")
    func levels() {
        var log = LogScript()
        log.write(log.notice("backup.done", level: .info))
        log.write(log.notice("rehearsal.passed", level: .info))
        log.pass(20)
        #expect(log.said().isEmpty)
        log.write(log.notice("backup.failed", level: .error))
        log.pass(20)
        #expect(log.said().first?.noticeLevel == .error)
    }

    @Test("Lost lines are reported with the next message of every group, once")
    func shed() {
        var log = LogScript()
        log.write(
            log.notice(EventName.logShed, extra: [JSONValue.Member("count", .number("41"))]))
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.write(
            log.notice(EventName.logGap, extra: [JSONValue.Member("lines", .number("1"))]))
        log.pass(10)
        #expect(log.said().map(\.shed) == [42, 42])
        log.pass(60)
        log.write(log.verdict(.unhealthy, az: "us-east-1b", attempt: 1, rate: 0.02))
        log.pass(10)
        #expect(log.said().map(\.shed) == [0])
    }

    @Test("Kinds of notices beyond the limit are counted")
    func manyKinds() {
        var log = LogScript()
        for n in 0..<40 { log.write(log.notice("kind.\(n)")) }
        log.pass(10)
        let first = log.said()
        #expect(first.first?.notices.count == 16)
        #expect(first.first?.omittedNotices == 24)
        log.write(log.notice("kind.39"))
        log.pass(100)
        #expect(log.said().isEmpty)
    }
}
