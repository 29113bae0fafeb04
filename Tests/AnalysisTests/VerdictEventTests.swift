import Events
import JSON
import Testing

@testable import Analysis

struct VerdictEventTests {
    private var ledger = AttemptLedger(timing: Sample.timing)

    private mutating func event(_ signals: [Signal], after offset: Duration) throws -> Event {
        try #require(Sample.attempt(&ledger, signals, at: Sample.start + offset)).event
    }

    @Test mutating func namesAndLevelsFollowTheVerdict() throws {
        let rows: [(Int, [Signal], String, Event.Level)] = [
            (0, Sample.signals(), "analysis.healthy", .info),
            (30, Sample.signals(rate: .number(0.007)), "analysis.degraded", .warn),
            (60, Sample.signals(), "analysis.recovered", .info),
            (90, Sample.signals(), "analysis.healthy", .info),
            (120, Sample.signals(rate: .number(0.02)), "analysis.unhealthy", .error),
            (
                150, Sample.signals(rate: .absent(why: "stale", detail: "")), "analysis.unknown",
                .warn
            ),
            (180, Sample.signals(), "analysis.recovered", .info),
            // The series was unhealthy at its last attempt, in the run before.
            (210, Sample.signals(rate: .number(0.02)), "analysis.unhealthy", .error),
            (900, Sample.signals(), "analysis.recovered", .info),
        ]
        for (second, signals, name, level) in rows {
            let event = try event(signals, after: .seconds(second))
            #expect(event.event == name)
            #expect(event.level == level)
        }
    }

    @Test mutating func carriesWhatTheContractAsks() throws {
        _ = try event(Sample.signals(rate: .number(0.002)), after: .zero)
        let event = try event(Sample.signals(rate: .number(0.019)), after: .seconds(30))
        #expect(event.ts == Sample.start + .seconds(30))
        #expect(event.node == "gw-a1")
        #expect(event.az == "eu-west-1a")
        #expect(event.namespace == "prod")
        #expect(event.rollout == "payments-api")
        #expect(event.revision == "17")
        #expect(event.concern == "all")
        #expect(event.attempt == 2)
        #expect(event.status == .unhealthy)
        #expect(event.policy == Sample.policy.sha)
        #expect(event.binary == Sample.gateway.binary)
        #expect(event.extra("series") == .string(Sample.series))
        #expect(event.extra("run") == .number("1"))
        #expect(
            event.deltas.first
                == MetricDelta(
                    metric: "canary.5xx_rate", value: 0.019, previous: 0.002, stable: 0.0015,
                    limit: 0.01, unit: .ratio, state: .fail))
        #expect(
            event.deltas.map(\.metric) == [
                "canary.5xx_rate", "canary.p99_ms", "gateway.disk_ok", "gateway.queue_depth",
                "gateway.worker_reachable",
            ])
        #expect(event.reasons.map(\.why) == ["abs_fail"])
        #expect(
            event.message
                == "payments-api in prod: canary unhealthy at attempt 2. canary.5xx_rate is 1.9 %, "
                + "over the limit 1 % (stable 0.15 %).")
    }

    @Test mutating func carriesTheDocumentByteForByte() throws {
        let attempt = try #require(
            Sample.attempt(&ledger, Sample.signals(rate: .number(0.019)), at: Sample.start))
        let line = String(decoding: attempt.event.line, as: UTF8.self)
        let body = String(decoding: attempt.record.verdict.document.bytes, as: UTF8.self)
        #expect(line.hasSuffix(#""document":\#(body)}"#))
        #expect(AttemptRecord(event: try Event(line: attempt.event.line)) == attempt.record)
    }

    @Test func messagesAreWords() {
        func message(_ judgement: Judgement) -> String {
            VerdictMessage.text(
                judgement, request: Sample.request, attempt: AttemptNumber(n: 3, epoch: 1),
                isRecovery: false)
        }
        let head = "payments-api in prod: canary "
        #expect(message(Sample.judge(Sample.signals())) == head + "healthy at attempt 3.")
        #expect(
            message(Sample.judge(Sample.signals(), comparable: false))
                == head + "unknown at attempt 3. This run was measured by two different binaries "
                + "or policies.")
        let silent = Sample.judge(Sample.signals(rate: .absent(why: "timeout", detail: "x")))
        #expect(
            message(silent)
                == head + "unknown at attempt 3. canary.5xx_rate could not be measured (timeout).")
        let many = Sample.judge([])
        #expect(message(many).hasSuffix("2 more checks did not pass."))
        let disk = Sample.judge(Sample.signals(diskOK: false))
        #expect(message(disk) == head + "unhealthy at attempt 3. gateway.disk_ok is false.")
    }

    @Test func linesStayWithinTheLimitWhateverThePolicy() throws {
        let policy = Policy(
            checks: (0..<2000).map { Check(id: "dependency.number_\($0)", fail: 1) })
        let signals = policy.checks.map { Signal($0.id, unit: .count, value: .number(2)) }
        let judgement = Sample.judge(signals, policy: policy)
        var ledger = AttemptLedger(timing: Sample.timing)
        let begun = ledger.begin("s", at: Sample.start)
        let ticket = try #require(begun.ticket)
        let record = AttemptRecord(
            judgement, document: Sample.document(judgement, signals: signals), ticket: ticket,
            policy: policy.sha, binary: "b")
        let event = Event(
            verdict: record, judgement: judgement, request: Sample.request, concern: "latency",
            ticket: ticket, gateway: Sample.gateway)
        #expect(event.line.count < JSONLimits.event.maxBytes)
        #expect(event.concern == "latency")
    }
}
