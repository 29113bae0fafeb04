import Events
import Testing

@testable import Analysis

/// How the judge chooses between counts and plain numbers.
struct StatisticalJudgeTests {
    private let counter = Policy(checks: [
        Check(
            id: "canary.5xx_rate", warn: 0.01, fail: 0.05, critical: true,
            statistics: StatisticalSpec(.counter, minSample: 50))
    ])

    private func signals(
        canary: Signal.Evidence?, stable: Signal.Evidence?, rate: Double = 0.5
    ) -> [Signal] {
        [
            Signal("canary.5xx_rate", unit: .ratio, value: .number(rate), evidence: canary),
            Signal("stable.5xx_rate", unit: .ratio, value: .number(0.002), evidence: stable),
        ]
    }

    @Test func countsDecideWhenThereAreAny() throws {
        let judgement = Sample.judge(
            signals(
                canary: .counter(failing: 3, total: 400),
                stable: .counter(failing: 0, total: 3600)),
            policy: counter)
        let outcome = try #require(judgement.outcomes.first)
        #expect(outcome.state == .warn)
        #expect(outcome.value == 0.0075)
        #expect(outcome.stable == 0)
        #expect(outcome.findings.map(\.rule) == [.worseInWindow])
        #expect(outcome.numbers?.certified == true)
        #expect(judgement.evidence["canary.5xx_rate"]?.window == Sample.window.id)
    }

    @Test func withoutCountsTheNumberDecides() throws {
        let judgement = Sample.judge(signals(canary: nil, stable: nil), policy: counter)
        let outcome = try #require(judgement.outcomes.first)
        #expect(outcome.state == .fail)
        #expect(outcome.findings == [.init(.fail, .absoluteFail, limit: 0.05)])
        #expect(outcome.numbers == nil)
        #expect(judgement.evidence.isEmpty)
    }

    @Test(arguments: [
        Signal.Evidence.counter(failing: 5, total: 4), .counter(failing: -1, total: 4),
        .counter(failing: .nan, total: 4), .counter(failing: 1, total: .infinity),
        .counter(failing: 1, total: 1e13), .histogram(edges: [1, .infinity], cumulative: [1, 2]),
    ])
    func countsThatCannotBeAreNotUsed(evidence: Signal.Evidence) {
        let judgement = Sample.judge(signals(canary: evidence, stable: nil), policy: counter)
        #expect(judgement.outcomes.first?.numbers == nil)
        #expect(judgement.status == .unhealthy)
    }

    @Test func absentSignalsStayAbsent() {
        let absent = Signal(
            "canary.5xx_rate", unit: .ratio, value: .absent(why: "no_sample_yet", detail: ""),
            evidence: .counter(failing: 0, total: 0))
        let judgement = Sample.judge([absent], policy: counter)
        #expect(judgement.status == .unknown)
        #expect(judgement.isUnmeasured)
    }

    /// A low number of requests is not an outage: the verdict is unknown, not refused.
    @Test func fewRequestsAreMeasured() {
        let judgement = Sample.judge(
            signals(canary: .counter(failing: 0, total: 10), stable: nil), policy: counter)
        #expect(judgement.status == .unknown)
        #expect(!judgement.isUnmeasured)
    }

    /// A small excess that no single window proves is proven over the run.
    @Test func evidenceGathersOverTheRun() throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        var states: [CheckState] = []
        for index in 0..<12 {
            let now = Sample.start + .seconds(30 * index)
            guard case .new(let ticket) = ledger.begin("s", at: now) else { continue }
            let seen = signals(
                canary: .counter(failing: 4, total: 500), stable: .counter(failing: 4, total: 2000))
            let judgement = Judge.judge(
                signals: seen, policy: counter, history: ticket.history,
                window: MeasurementWindow(at: now, length: .seconds(30), settle: .seconds(5)))
            states.append(try #require(judgement.outcomes.first).state)
            ledger.complete(
                ticket,
                with: AttemptRecord(
                    judgement, document: Sample.document(judgement, signals: seen), ticket: ticket,
                    policy: counter.sha, binary: "b"))
        }
        #expect(states.first != .fail)
        #expect(states.last == .fail)
        #expect(states == states.sorted())
    }

    /// Two attempts within one window count it once.
    @Test func aWindowCountsOnce() throws {
        let seen = signals(
            canary: .counter(failing: 4, total: 400), stable: .counter(failing: 9, total: 3960))
        let first = Sample.judge(seen, policy: counter)
        var run = RunEvidence()
        run.fold(try #require(first.evidence["canary.5xx_rate"]))
        let history = SeriesHistory(evidence: ["canary.5xx_rate": run])
        let again = Sample.judge(seen, policy: counter, history: history)
        #expect(again.outcomes.first?.numbers?.e == first.outcomes.first?.numbers?.e)
        #expect(again.outcomes.first?.numbers?.pRun == first.outcomes.first?.numbers?.pRun)
    }

    @Test(
        "a quantile above the highest bucket is missing data, unless the limit is below that edge",
        arguments: [
            // The highest edge, and the requests below it of 1000; q is 0.99.
            (250.0, 0.0, CheckState.nodata), (250, 989, .nodata), (250, 990, .pass),
            (500, 100, .nodata), (501, 100, .fail), (600, 0, .fail),
        ])
    func aboveBuckets(edge: Double, below: Double, state: CheckState) throws {
        for isExact in [true, false] {
            var check = Check(id: "canary.p99_ms", fail: 500)
            if isExact { check.statistics = StatisticalSpec(.latency) }
            // Without the counts' rule, the value decides whether it is above the edge.
            let value = below >= 990 ? edge / 2 : edge
            let judgement = Sample.judge(
                [
                    Signal(
                        "canary.p99_ms", unit: .milliseconds, value: .number(value),
                        evidence: .histogram(
                            edges: [100, edge, .infinity], cumulative: [0, below, 1000]))
                ], policy: Policy(checks: [check]))
            let outcome = try #require(judgement.outcomes.first)
            #expect(outcome.state == state, "\(isExact) \(outcome)")
            guard state == .nodata else { continue }
            #expect(outcome.findings.last?.rule == .aboveBuckets)
            #expect(outcome.findings.last?.detail.contains("highest edge, \(Int(edge))") == true)
            #expect(judgement.status == .unknown)
        }
    }

    @Test(
        "a number in place of a yes or no is understood if it is 1 or 0, or has limits of its own",
        arguments: [
            (1, 0.5, CheckState.pass), (0, 0.5, .fail), (2, 0.5, .nodata), (0.5, 0.5, .nodata),
            (-1, 0.5, .nodata), (2, 3, .fail), (5, 3, .pass),
        ])
    func flags(value: Double, limit: Double, state: CheckState) throws {
        let check = Check(id: "doctor.disks_ok", fail: limit, direction: .below)
        let judgement = Sample.judge(
            [Signal("doctor.disks_ok", unit: .flag, value: .number(value))],
            policy: Policy(checks: [check]))
        let outcome = try #require(judgement.outcomes.first)
        #expect(outcome.state == state, "\(outcome)")
        if state == .nodata {
            #expect(outcome.findings.map(\.rule) == [.notAFlag])
            #expect(outcome.findings[0].detail.hasPrefix("neither 0 nor 1, but "))
        }
    }

    @Test(
        "a percentage is no proportion where it would never fail",
        arguments: [
            (3.0, 0.05, Check.Direction.below, CheckState.nodata), (0.03, 0.05, .below, .fail),
            (0.3, 0.05, .below, .pass), (1, 0.05, .below, .pass), (3, 0.05, .above, .fail),
            (3, 2, .below, .pass),
        ])
    func percentages(
        value: Double, limit: Double, direction: Check.Direction, state: CheckState
    ) throws {
        let check = Check(id: "gateway.free_ratio", fail: limit, direction: direction)
        let judgement = Sample.judge(
            [Signal("gateway.free_ratio", unit: .ratio, value: .number(value))],
            policy: Policy(checks: [check]))
        let outcome = try #require(judgement.outcomes.first)
        #expect(outcome.state == state, "\(outcome)")
        if state == .nodata { #expect(outcome.findings[0].detail.hasSuffix("but 3")) }
    }

    @Test func latencyFallsBackWhereSidesCannotBeCompared() throws {
        let policy = Policy(checks: [
            Check(
                id: "canary.p99_ms", warn: 250, fail: 500,
                statistics: StatisticalSpec(.latency, slowOver: 200))
        ])
        func judge(_ stable: Signal.Evidence?) throws -> CheckOutcome {
            let canary = Signal.Evidence.histogram(
                edges: [100, 200, 400, .infinity], cumulative: [100, 150, 200, 200])
            let judgement = Sample.judge(
                [
                    Signal(
                        "canary.p99_ms", unit: .milliseconds, value: .number(1), evidence: canary),
                    Signal(
                        "stable.p99_ms", unit: .milliseconds, value: .number(90), evidence: stable),
                ], policy: policy)
            return try #require(judgement.outcomes.first)
        }
        let compared = try judge(
            .histogram(edges: [100, 200, .infinity], cumulative: [900, 990, 1000]))
        #expect(compared.value == 392)
        #expect(compared.findings.map(\.rule) == [.absoluteWarn, .worseOverRun])
        let otherEdges = try judge(
            .histogram(edges: [100, 250, .infinity], cumulative: [900, 990, 1000]))
        #expect(otherEdges.findings.map(\.rule) == [.absoluteWarn])
        let alone = try judge(nil)
        #expect(alone.findings.map(\.rule) == [.absoluteWarn])
        #expect(alone.stable == 90)
        #expect(alone.numbers?.exceedCanary == 50)
        #expect(alone.numbers?.exceedStable == nil)
    }
}
