import Events
import Testing

@testable import Analysis

struct JudgeTests {
    private func outcome(
        _ check: Check, _ value: Signal.Value, more: [Signal] = [],
        history: SeriesHistory = SeriesHistory()
    ) throws -> CheckOutcome {
        let signals = [Signal(check.id, unit: .count, value: value)] + more
        let judgement = Sample.judge(signals, policy: Policy(checks: [check]), history: history)
        return try #require(judgement.outcomes.first)
    }

    @Test(
        arguments: [
            (9, CheckState.pass, nil, nil), (10, .pass, nil, nil),
            (10.000001, .warn, "abs_warn", 10), (20, .warn, "abs_warn", 10),
            (20.000001, .fail, "abs_fail", 20),
        ] as [(Double, CheckState, String?, Double?)])
    func upperLimitsAreStrict(value: Double, state: CheckState, why: String?, limit: Double?) throws
    {
        let outcome = try outcome(Check(id: "q.depth", warn: 10, fail: 20), .number(value))
        #expect(outcome.state == state)
        #expect(outcome.findings.map(\.rule.name) == (why.map { [$0] } ?? []))
        #expect(outcome.findings.first?.limit == limit)
        #expect(outcome.decidingLimit == limit ?? 20)
    }

    @Test(
        arguments: [
            (31, CheckState.pass), (30, .pass), (29.9, .warn), (7, .warn), (6.9, .fail),
        ] as [(Double, CheckState)])
    func lowerLimitsAreStrict(value: Double, state: CheckState) throws {
        let check = Check(id: "tls.left_days", warn: 30, fail: 7, direction: .below)
        #expect(try outcome(check, .number(value)).state == state)
    }

    @Test func flagsFailWhenFalse() throws {
        let check = Check(id: "gateway.disk_ok")
        #expect(try outcome(check, .flag(true)).state == .pass)
        let failed = try outcome(check, .flag(false))
        #expect(failed.state == .fail)
        #expect(failed.value == 0)
        // With limits of its own, a flag counts as 1 or 0.
        let lenient = Check(id: "gateway.disk_ok", warn: 0.5, direction: .below)
        #expect(try outcome(lenient, .flag(false)).state == .warn)
        #expect(try outcome(lenient, .flag(true)).state == .pass)
    }

    @Test func aCheckWithoutLimitsOnlyReports() throws {
        #expect(try outcome(Check(id: "canary.rps"), .number(1e9)).state == .pass)
    }

    @Test func relativeLimitsFollowStableAndPrevious() throws {
        let stable = Signal("stable.p99_ms", unit: .milliseconds, value: .number(100))
        let relative = RelativeLimits(stableWarn: 0.5, stableFail: 1, previousWarn: 0.2)
        let check = Check(id: "canary.p99_ms", relative: relative)
        let history = SeriesHistory(previous: MetricValues([("canary.p99_ms", 140)]))

        #expect(try outcome(check, .number(150), more: [stable]).state == .pass)
        let warned = try outcome(check, .number(151), more: [stable])
        #expect(warned.findings == [.init(.warn, .relativeWarn, limit: 150)])
        let failed = try outcome(check, .number(201), more: [stable])
        #expect(failed.findings == [.init(.fail, .relativeFail, limit: 200)])
        // Without the reference value no limit is exceeded.
        #expect(try outcome(check, .number(201)).state == .pass)
        let grown = try outcome(check, .number(168.5), history: history)
        #expect(grown.findings == [.init(.warn, .grown, limit: 168, grownFrom: 140)])
        #expect(grown.previous == 140)

        let below = Check(id: "canary.rps", direction: .below, relative: .init(stableWarn: 0.25))
        let rate = Signal("stable.rps", unit: .perSecond, value: .number(80))
        #expect(try outcome(below, .number(60), more: [rate]).state == .pass)
        #expect(try outcome(below, .number(59), more: [rate]).state == .warn)
    }

    @Test func missingDataSaysWhy() throws {
        let check = Check(id: "canary.p99_ms", warn: 1, critical: true)
        let absent = try outcome(check, .absent(why: "timeout", detail: "after 800 ms"))
        #expect(absent.state == .nodata)
        #expect(absent.value == nil)
        #expect(absent.findings == [.init(.nodata, Rule("timeout"), detail: "after 800 ms")])
        #expect(try outcome(check, .number(.nan)).findings.map(\.rule) == [.notANumber])
        let unheard = Sample.judge([], policy: Policy(checks: [check]))
        #expect(unheard.outcomes.first?.findings == [.init(.nodata, .missing)])
    }

    @Test(arguments: [
        (Check.MissingData.ignore, false, VerdictStatus.healthy),
        (.warn, false, .degraded), (.unknown, false, .unknown), (.fail, false, .degraded),
        (.ignore, true, .healthy), (.warn, true, .degraded), (.unknown, true, .unknown),
        (.fail, true, .unhealthy),
    ])
    func missingDataFollowsTheChecksPolicy(
        nodata: Check.MissingData, critical: Bool, status: VerdictStatus
    ) {
        let policy = Policy(checks: [
            Check(id: "a.x", critical: critical, nodata: nodata), Check(id: "b.x", weight: 9),
        ])
        let judgement = Sample.judge(
            [Signal("b.x", unit: .count, value: .number(1))], policy: policy)
        #expect(judgement.status == status)
        #expect(judgement.totalWeight == (nodata == .fail ? 10 : 9))
    }

    /// A missing measurement alone is never healthy, whatever the policy says.
    @Test(arguments: Check.MissingData.allCases)
    func nothingMeasuredIsNeverHealthy(nodata: Check.MissingData) {
        let judgement = Sample.judge([], policy: Policy(checks: [Check(id: "a.x", nodata: nodata)]))
        #expect(judgement.status > .degraded)
        #expect(judgement.isUnmeasured == (nodata != .fail))
        #expect(Sample.judge([], policy: Policy(checks: [])).status == .unknown)
    }

    @Test func ofTwoSignalsTheOneWithAValueCounts() throws {
        let check = Check(id: "a.x", fail: 5)
        let absent = Signal("a.x", unit: .count, value: .absent(why: "timeout", detail: ""))
        let judgement = Sample.judge(
            [
                absent, Signal("a.x", unit: .count, value: .number(6)),
                Signal("a.x", unit: .count, value: .number(1)),
            ],
            policy: Policy(checks: [check]))
        #expect(judgement.outcomes.first?.value == 6)
    }

    @Test func unmeasuredIsToldFromUnknownForOtherReasons() {
        let signals = Sample.signals()
        #expect(!Sample.judge(signals).isUnmeasured)
        let mixed = Sample.judge(signals, comparable: false)
        #expect(mixed.status == .unknown)
        #expect(!mixed.isUnmeasured)
        let absent = Sample.judge(
            Sample.signals(rate: .absent(why: "no_sample_yet", detail: "")))
        #expect(absent.status == .unknown)
        #expect(absent.isUnmeasured)
    }

    @Test func reasonsAreSortedByGravityThenCheck() {
        let policy = Policy(checks: [
            Check(id: "d.x", warn: 1), Check(id: "c.x", fail: 1), Check(id: "a.x", warn: 1),
            Check(id: "b.x"), Check(id: "e.x", fail: 1, advisory: true),
        ])
        let two = Signal.Value.number(2)
        let judgement = Sample.judge(
            ["a.x", "c.x", "d.x", "e.x"].map { Signal($0, unit: .count, value: two) },
            policy: policy)
        #expect(judgement.reasons.map(\.check) == ["c.x", "e.x", "b.x", "a.x", "d.x"])
        #expect(judgement.reasons.map(\.advisory) == [false, true, false, false, false])
    }
}
