import Events
import JSON
import TestSupport
import Testing

@testable import Analysis

@Suite("Reasons agree with their numbers")
struct ReasonNumbersTests {
    private static let check = Check(
        id: "canary.5xx_rate", warn: 0.005, fail: 0.01, critical: true,
        statistics: StatisticalSpec(.counter, minSample: 50))

    private static func counts(
        _ canary: (Double, Double), _ stable: (Double, Double)
    ) -> [Signal] {
        [
            Signal(
                "canary.5xx_rate", unit: .ratio, value: .number(0),
                evidence: .counter(failing: canary.0, total: canary.1)),
            Signal(
                "stable.5xx_rate", unit: .ratio, value: .number(0),
                evidence: .counter(failing: stable.0, total: stable.1)),
        ]
    }

    private func judge(
        _ signals: [Signal], _ check: Check = check, run: [EvidenceStep] = []
    ) -> Judgement {
        var evidence = RunEvidence()
        for step in run { evidence.fold(step) }
        return Sample.judge(
            signals, policy: Policy(checks: [check]),
            history: SeriesHistory(
                previous: MetricValues([(check.id, 0.001)]), evidence: [check.id: evidence]))
    }

    private func message(_ judgement: Judgement) -> String {
        VerdictMessage.text(
            judgement, request: Sample.request, attempt: AttemptNumber(n: 4, epoch: 1),
            isRecovery: false)
    }

    private func summary(_ judgement: Judgement) -> String {
        VerdictSummary.text(
            judgement, attempt: AttemptNumber(n: 4, epoch: 1), gateway: Sample.gateway)
    }

    @Test("a finding of the run quotes the run's rates, not the window's")
    func overRun() throws {
        let earlier = (0..<2).map { window in
            EvidenceStep(
                window: window, counts: WindowCounts(canary: (16, 800), stable: (3, 2400)),
                rho: 1.5, phi: 1)
        }
        let judgement = judge(Self.counts((10, 800), (3, 2400)), run: earlier)
        let reason = try #require(judgement.reasons.first { $0.why == "rel_fail_run" })
        #expect(reason.value == 42.0 / 2400)
        #expect(reason.stable == 9.0 / 7200)
        #expect(reason.previous == nil)
        #expect(judgement.outcomes.first?.value == 0.0125)
        #expect(
            message(judgement).contains(
                "canary.5xx_rate is 1.75 % over the run, worse than stable 0.125 %"))
        #expect(
            summary(judgement)
                == "unhealthy: 5xx_rate 1.75 % over the run worse than stable 0.125 % "
                + "(eu-west-1a, attempt 4)")
    }

    @Test("a value over the fail limit without proof is reported as unproven, with the bound")
    func unproven() throws {
        let judgement = judge(Self.counts((8, 400), (8, 400)))
        #expect(judgement.status == .degraded)
        let reason = try #require(judgement.reasons.first)
        #expect(reason.why == "abs_warn" && reason.limit == 0.005)
        let unproven = try #require(reason.unproven)
        #expect(unproven.limit == 0.01 && unproven.confidence == 0.99)
        #expect(unproven.bound > 0.007 && unproven.bound < 0.01)
        let words = "over the fail limit 1 %, not yet proven (99 % lower bound "
        #expect(message(judgement).contains("canary.5xx_rate is 2 %, \(words)"))
        #expect(summary(judgement).hasPrefix("degraded: 5xx_rate 2 % \(words)"))
        // It survives the event's line.
        let event = Event(ts: Sample.start, event: "x", reasons: judgement.reasons)
        #expect(try Event(line: event.line).reasons == judgement.reasons)
        // Within the fail limit, or proven, nothing is added.
        #expect(judge(Self.counts((3, 400), (8, 400))).reasons.first?.unproven == nil)
        #expect(judge(Self.counts((80, 400), (80, 400))).reasons.first?.unproven == nil)
    }

    @Test("too few requests keep the findings beside it")
    func insufficient() throws {
        let judgement = judge(Self.counts((1, 40), (3, 120)))
        #expect(judgement.status == .unknown)
        #expect(!judgement.isUnmeasured)
        #expect(judgement.reasons.map(\.why) == ["insufficient", "abs_warn"])
        #expect(judgement.reasons.map(\.state) == [.nodata, .warn])
        #expect(
            message(judgement).contains(
                "saw too few requests to judge, but is 2.5 %, over the fail limit 1 %"))
    }

    @Test("without a warning limit, a value over the fail limit without proof is not healthy")
    func failLimitOnly() throws {
        var only = Self.check
        only.warn = nil
        let judgement = judge(Self.counts((8, 400), (8, 400)), only)
        #expect(judgement.status == .degraded)
        let reason = try #require(judgement.reasons.first)
        #expect(reason.why == "abs_warn" && reason.limit == 0.01)
        #expect(reason.unproven?.limit == 0.01)
        #expect(
            summary(judgement).hasPrefix(
                "degraded: 5xx_rate 2 % over the fail limit 1 %, not yet proven (99 % lower bound ")
        )
        #expect(judge(Self.counts((80, 400), (80, 400)), only).status == .unhealthy)
        #expect(judge(Self.counts((4, 400), (4, 400)), only).status == .healthy)

        let latency = Check(
            id: "canary.p99_ms", fail: 250, statistics: StatisticalSpec(.latency))
        let found = judge(
            [
                Signal(
                    "canary.p99_ms", unit: .milliseconds, value: .number(1),
                    evidence: .histogram(
                        edges: [100, 200, 400, .infinity], cumulative: [0, 394, 400, 400]))
            ], latency)
        #expect(found.status == .degraded)
        #expect(found.reasons.map(\.why) == ["abs_warn"])
        #expect(found.reasons.first?.unproven?.limit == 250)
    }

    @Test(
        "a confidence below 100 % is never rounded to it",
        arguments: [(0.01, "99 %"), (0.005, "99.5 %"), (0.0001, "99.99 %")])
    func confidence(alpha: Double, words: String) {
        var check = Self.check
        check.statistics?.alphaFail = alpha
        #expect(
            summary(judge(Self.counts((8, 400), (8, 400)), check)).contains(
                "not yet proven (\(words) lower bound "))
    }

    @Test("a growth is measured from the attempts that set its limit, not from the last one")
    func growth() throws {
        var check = Self.check
        check.warn = 0.5
        check.fail = nil
        check.statistics?.growthWarn = 0.5
        // Two healthy attempts at 0.2 %, then one at 3 % that was not: 2 % grew from 0.2 %.
        let history = SeriesHistory(
            previous: MetricValues([(check.id, 0.03)]),
            healthy: [MetricValues([(check.id, 0.002)]), MetricValues([(check.id, 0.002)])])
        let judgement = Sample.judge(
            Self.counts((8, 400), (8, 400)), policy: Policy(checks: [check]), history: history)
        let reason = try #require(judgement.reasons.first)
        #expect(reason.why == "prev_warn")
        #expect(reason.value == 0.02 && reason.previous == 0.002)
        #expect(judgement.outcomes.first?.previous == 0.03)
        #expect(
            summary(judgement).hasPrefix(
                "degraded: 5xx_rate 2 % over the limit 0.3 % set by earlier attempts"))
    }

    @Test("a latency check compares shares of slow requests, and says so")
    func slowShare() throws {
        let check = Check(
            id: "canary.p99_ms", warn: 1000, fail: 5000,
            statistics: StatisticalSpec(.latency, slowOver: 200))
        func histogram(_ fast: Double, _ all: Double) -> Signal.Evidence {
            .histogram(edges: [100, 200, 400, .infinity], cumulative: [0, fast, all, all])
        }
        let judgement = judge(
            [
                Signal(
                    "canary.p99_ms", unit: .milliseconds, value: .number(1),
                    evidence: histogram(150, 200)),
                Signal(
                    "stable.p99_ms", unit: .milliseconds, value: .number(1),
                    evidence: histogram(990, 1000)),
            ], check)
        let reason = try #require(judgement.reasons.first)
        #expect(reason.why == "rel_fail_run")
        #expect(reason.value == 0.25 && reason.stable == 0.01 && reason.unit == .ratio)
        #expect(
            message(judgement).contains(
                "canary.p99_ms has 25 % slow requests over the run, worse than stable 1 %"))
    }

    @Test(
        "a value and its limit never have the same text",
        arguments: [
            (300.0004, 300, MetricUnit.milliseconds, "300.0004 ms", "300 ms"),
            (0.01001, 0.01, .ratio, "1.001 %", "1 %"),
            (210, 200, .milliseconds, "210 ms", "200 ms"),
            (0.019, 0.01, .ratio, "1.9 %", "1 %"), (1e-9, 0, .ratio, "0.0000001 %", "0 %"),
            (1_000_000_001, 1_000_000_000, .bytes, "0.931322576 GiB", "0.931322575 GiB"),
        ] as [(Double, Double, MetricUnit, String, String)])
    func digits(value: Double, limit: Double, unit: MetricUnit, first: String, second: String) {
        let pair = unit.words(for: value, beside: limit)
        #expect(pair.value != pair.limit)
        #expect(!pair.value.isEmpty && second.hasSuffix(String(pair.limit.suffix(2))))
        if unit != .bytes, value > 1e-6 {
            #expect(pair.value == first && pair.limit == second)
        }
    }

    @Test("the smallest difference of two numbers is shown, or they are equal")
    func nextNumber() {
        for limit in [300, 0.01, 1e6, 123.456] {
            let pair = MetricUnit.count.words(for: limit.nextUp, beside: limit)
            #expect(pair.value != pair.limit)
        }
        let same = MetricUnit.count.words(for: 5, beside: 5)
        #expect(same.value == same.limit)
    }

    @Test(
        "a yes or no is true or false, and never a number under a limit",
        arguments: [
            (.flag(false), .below, "false"), (.number(0), .below, "false"),
            (.flag(true), .above, "true"),
        ] as [(Signal.Value, Check.Direction, String)])
    func flags(value: Signal.Value, direction: Check.Direction, word: String) {
        // As a configuration without limits has it.
        let check = Check(id: "gateway.disk_ok", fail: 0.5, direction: direction, critical: true)
        let judgement = judge([Signal(check.id, unit: .flag, value: value)], check)
        #expect(
            summary(judgement) == "unhealthy: gateway.disk_ok \(word) (eu-west-1a, attempt 4)")
        #expect(message(judgement).hasSuffix(" gateway.disk_ok is \(word)."))
    }

    @Test("a limit relative to stable is not stated as a configured one")
    func relative() {
        let check = Check(
            id: "canary.rps", direction: .below, critical: true,
            relative: RelativeLimits(stableFail: 0.25))
        let judgement = judge(
            [
                Signal("canary.rps", unit: .perSecond, value: .number(59.96)),
                Signal("stable.rps", unit: .perSecond, value: .number(80)),
            ], check)
        #expect(
            summary(judgement)
                == "unhealthy: rps 59.96/s under the limit 60/s set by stable 80/s "
                + "(eu-west-1a, attempt 4)")
        #expect(
            message(judgement).contains(
                "canary.rps is 59.96/s, under the limit 60/s set by stable 80/s."))
    }

    @Test("the shown numbers are in the order of the exact ones, in every unit")
    func order() throws {
        let scales: [Substring: Double] = [
            "%": 0.01, "ms": 1, "s": 1, "d": 1, "B": 1, "KiB": 1024, "MiB": 1_048_576,
            "GiB": 1_073_741_824, "/s": 1, "": 1,
        ]
        func number(_ text: String) throws -> Double {
            let digits = text.prefix { !$0.isWhitespace && $0 != "/" }
            let unit = text.dropFirst(digits.count).drop(while: \.isWhitespace)
            let amount = try #require(Double(digits), "\(text)")
            let scale = try #require(scales[unit], "\(text)")
            return amount * scale
        }
        var random = SeededRandom(seed: 20_261_130)
        let limits: [Double] = [
            0.01, 0.005, 0.0996, 1, 9.996, 300, 999.6, 1000, 1023.6, 1024, 1_048_576, 1_073_741_824,
        ]
        for unit in [MetricUnit.ratio, .milliseconds, .seconds, .bytes, .perSecond, .count] {
            for limit in limits {
                for _ in 0..<50 {
                    let share = Double.random(in: 0.01...1, using: &random)
                    let distance = share * share * share * share * limit
                    let value = Bool.random(using: &random) ? limit + distance : limit - distance
                    let shown = unit.words(for: value, beside: limit)
                    let first = try number(shown.value)
                    let second = try number(shown.limit)
                    #expect(
                        first != second && (first > second) == (value > limit),
                        "\(shown) for \(value) beside \(limit)")
                }
            }
        }
    }

    // MARK: - Summary

    private func summaryText(_ signals: [Signal], comparable: Bool = true) -> String {
        summary(Sample.judge(signals, comparable: comparable))
    }

    @Test("the summary of each status begins with it and states what decided")
    func statuses() {
        #expect(
            summaryText(Sample.signals())
                == "healthy: 5xx_rate 0.2 %, p99 180 ms, 5 checks passed (eu-west-1a, attempt 4)")
        #expect(
            summaryText(Sample.signals(rate: .number(0.0083)))
                == "degraded: 5xx_rate 0.83 % over the warning limit 0.5 % (eu-west-1a, attempt 4)")
        #expect(
            summaryText(Sample.signals(rate: .number(0.02), diskOK: false))
                == "unhealthy: 5xx_rate 2 % over the limit 1 %, and 1 more check did not pass "
                + "(eu-west-1a, attempt 4)")
        #expect(
            summaryText(Sample.signals(rate: .absent(why: "timeout", detail: "<b>\n")))
                == "unknown: 5xx_rate could not be measured (timeout) (eu-west-1a, attempt 4)")
        #expect(
            summaryText(Sample.signals(), comparable: false)
                == "unknown: two binaries or policies measured this run (eu-west-1a, attempt 4)")
        #expect(
            summaryText(Sample.signals(diskOK: false))
                == "unhealthy: gateway.disk_ok false (eu-west-1a, attempt 4)")
    }

    @Test("the summary names the check that decided the status, and never another one")
    func deciding() {
        let tail = " (eu-west-1a, attempt 4)"
        // The p99 fails, but is not critical: without the rate the status is unknown.
        let silent = Sample.judge(
            Sample.signals(rate: .absent(why: "timeout", detail: ""), p99: 600))
        #expect(silent.status == .unknown && silent.isUnmeasured)
        #expect(
            summary(silent)
                == "unknown: 5xx_rate could not be measured (timeout), and 1 more check did not pass"
                + tail)
        #expect(silent.unmeasuredReason?.check == "canary.5xx_rate")
        // What is ignored decides nothing.
        let policy = Policy(checks: [
            Check(id: "a.load", nodata: .ignore),
            Check(id: "canary.5xx_rate", warn: 0.005, fail: 0.01, critical: true),
        ])
        func text(_ rate: Double) -> String {
            summary(Sample.judge(Sample.signals(rate: .number(rate)), policy: policy))
        }
        #expect(
            text(0.0083)
                == "degraded: 5xx_rate 0.83 % over the warning limit 0.5 %, and 1 more check did not "
                + "pass" + tail)
        #expect(
            text(0.002)
                == "healthy: 5xx_rate 0.2 %, 1 check passed; a.load could not be measured (missing)"
                + tail)
        #expect(
            summaryText(Sample.signals(rate: .number(0.02)), comparable: false)
                == "unhealthy: 5xx_rate 2 % over the limit 1 %" + tail)
        #expect(Sample.judge([], policy: Policy(checks: [])).unmeasuredReason == nil)
    }

    @Test("at most 200 bytes in one line, whatever the names")
    func bounded() {
        let long = String(repeating: "ü", count: 300)
        let gateway = GatewayIdentity(node: long, az: long, binary: "b")
        for name in [long, "canary." + long, "a", "a\n\u{1}b"] {
            let policy = Policy(checks: [Check(id: name, warn: 1), Check(id: name + "2", fail: 1)])
            for value in [Signal.Value.number(5), .number(0), .absent(why: long, detail: long)] {
                let judgement = Sample.judge(
                    [Signal(name, unit: .count, value: value)], policy: policy)
                let text = VerdictSummary.text(
                    judgement, attempt: AttemptNumber(n: 1_000_000_000, epoch: 1),
                    gateway: gateway)
                #expect(text.utf8.count <= VerdictSummary.maxBytes)
                #expect(text.hasPrefix(judgement.status.rawValue + ": "))
                #expect(text.hasSuffix("attempt 1000000000)"))
                #expect(!text.contains("\n") && !text.contains("\u{1}"))
            }
        }
    }
}
