import Events
import TestSupport
import Testing

@testable import Probes

/// A probe made of a closure.
private struct ScriptedProbe: Probe {
    var name: String
    var deadline: Duration = .seconds(10)
    var signals: [SignalDeclaration]
    var isPerWindow = false
    var look: @Sendable (MeasurementContext) async -> [Signal]

    init(
        _ name: String, deadline: Duration = .seconds(10), isPerWindow: Bool = false,
        _ look: @escaping @Sendable (MeasurementContext) async -> [Signal]
    ) {
        self.name = name
        self.deadline = deadline
        self.isPerWindow = isPerWindow
        self.signals = [SignalDeclaration("gateway.\(name)_ok")]
        self.look = look
    }

    func measure(_ context: MeasurementContext) async -> [Signal] { await look(context) }

    static func good(_ name: String, _ looks: Counter = Counter()) -> ScriptedProbe {
        ScriptedProbe(name) { _ in
            looks.add()
            return [SignalDeclaration("gateway.\(name)_ok").flag(true)]
        }
    }
}

@Suite("A set of probes with one budget")
struct ProbeSetTests {
    let clock = ManualClock()

    @Test("results are sorted by probe name, in any order of the input")
    func order() async {
        let set = ProbeSet(["c", "a", "b"].map { ScriptedProbe.good($0) }, clock: clock)
        let results = await set.run(budget: .seconds(1), context: context())
        #expect(results.map(\.probe) == ["a", "b", "c"])
        #expect(results.allSatisfy { $0.outcome == .answered && $0.duration == .zero })
    }

    @Test("a probe that ignores cancellation is abandoned at the end of the budget")
    func stuck() async {
        let gate = Latch()
        let stuck = ScriptedProbe("stuck") { _ in
            await gate.pass()
            return []
        }
        let set = ProbeSet([stuck], clock: clock)
        async let run = set.run(budget: .milliseconds(2500), context: context())
        await clock.sleepers(1)
        clock.advance(by: .milliseconds(2500))
        let results = await run
        #expect(results[0].signals.reason("gateway.stuck_ok") == .timeout)
        #expect(results[0].outcome == .absent(.timeout))
        #expect(results[0].duration == .milliseconds(2500))
        gate.open()
    }

    @Test("a stuck probe takes no time from the others")
    func others() async {
        let gate = Latch()
        let stuck = ScriptedProbe("stuck", deadline: .milliseconds(20)) { _ in
            await gate.pass()
            return []
        }
        let results = await ProbeSet([stuck, .good("quick")])
            .run(budget: .seconds(30), context: context())
        #expect(results.map(\.outcome) == [.answered, .absent(.timeout)])
        gate.open()
    }

    @Test("the probe's own deadline applies if it is shorter")
    func ownDeadline() async {
        let allowed = Latch()
        let probe = ScriptedProbe("slow", deadline: .milliseconds(800)) { context in
            #expect(context.allowance == .milliseconds(780))
            await allowed.pass()
            return []
        }
        let set = ProbeSet([probe], clock: clock)
        async let run = set.run(budget: .seconds(2), context: context())
        await clock.sleepers(1)
        clock.advance(by: .milliseconds(799))
        clock.advance(by: .milliseconds(1))
        #expect(await run[0].duration == .milliseconds(800))
        allowed.open()
    }

    @Test("without any budget no probe runs")
    func noBudget() async {
        let looks = Counter()
        let set = ProbeSet([ScriptedProbe.good("a", looks)], clock: clock)
        let results = await set.run(budget: .zero, context: context())
        #expect(results[0].outcome == .absent(.timeout))
        #expect(looks.value == 0)
    }

    @Test("a stuck observation keeps its slot: later runs start no second one")
    func noPile() async throws {
        let gate = Latch()
        let looks = Counter()
        let probe = ScriptedProbe("stuck") { _ in
            looks.add()
            await gate.pass()
            return [SignalDeclaration("gateway.stuck_ok").flag(true)]
        }
        let set = ProbeSet([probe], clock: clock)
        for _ in 0..<5 {
            async let run = set.run(budget: .seconds(1), context: context())
            await clock.sleepers(1)
            clock.advance(by: .seconds(1))
            #expect(await run[0].outcome == .absent(.timeout))
        }
        #expect(looks.value == 1)
        gate.open()
        // The cancelled observation's late value is not used as a new one.
        let fresh = await set.run(budget: .seconds(1), context: context())
        #expect(fresh[0].signals.number("gateway.stuck_ok") == 1)
        #expect(looks.value == 2)
    }

    @Test("overlapping runs share an observation, unless it depends on the window")
    func sharing() async throws {
        for (perSeries, expected) in [(false, 1), (true, 2)] {
            let gate = Latch()
            let looks = Counter()
            let probe = ScriptedProbe("p", isPerWindow: perSeries) { _ in
                looks.add()
                await gate.pass()
                return []
            }
            let clock = ManualClock()
            let set = ProbeSet([probe], clock: clock)
            async let first = set.run(budget: .seconds(1), context: context())
            async let second = set.run(budget: .seconds(1), context: context(length: .seconds(60)))
            await clock.sleepers(2)
            try await eventually("both wait") { looks.value == expected }
            gate.open()
            _ = await (first, second)
            #expect(looks.value == expected)
        }
    }

    @Test("more concurrent series than permitted are absent(busy)")
    func busy() async throws {
        let gate = Latch()
        let looks = Counter()
        let probe = ScriptedProbe("p", isPerWindow: true) { _ in
            looks.add()
            await gate.pass()
            return []
        }
        let set = ProbeSet([probe], clock: clock, maximumLooks: 1)
        async let first = set.run(budget: .seconds(1), context: context())
        try await eventually("the first looks") { looks.value == 1 }
        let second = await set.run(budget: .seconds(1), context: context(length: .seconds(60)))
        #expect(second[0].outcome == .absent(.busy))
        gate.open()
        _ = await first
    }

    @Test("a caller that leaves is released at once, and its observation is cancelled")
    func cancelled() async throws {
        let probe = ScriptedProbe("p") { [clock] _ in
            try? await clock.sleep(for: .seconds(100))
            return [SignalDeclaration("gateway.p_ok").flag(!Task.isCancelled)]
        }
        let set = ProbeSet([probe], clock: clock)
        let run = Task { await set.run(budget: .seconds(50), context: context()) }
        await clock.sleepers(2)
        run.cancel()
        #expect(await run.value[0].outcome == .absent(.cancelled))
    }

    @Test("missing signals are absent, repeated ones count once")
    func completeness() async {
        var probe = ScriptedProbe("p") { _ in
            [
                SignalDeclaration("gateway.p_ok").flag(true),
                SignalDeclaration("gateway.p_ok").flag(true),
                SignalDeclaration("gateway.extra").number(.nan),
            ]
        }
        probe.signals.append(SignalDeclaration("gateway.p_ms"))
        let set = ProbeSet([probe], clock: clock)
        let signals = await set.run(budget: .seconds(1), context: context())[0].signals
        #expect(signals.map(\.name) == ["gateway.p_ok", "gateway.extra", "gateway.p_ms"])
        #expect(signals.number("gateway.p_ok") == 1)
        #expect(signals.reason("gateway.extra") == .garbage)
        #expect(signals.reason("gateway.p_ms") == .missingField)
    }

    @Test("a probe cannot flood a verdict; declared signals come first")
    func flood() {
        let declared = SignalDeclaration("gateway.p_ok")
        let reported = (0..<1000).map { SignalDeclaration("x.f\($0)").number(1) }
        let result = ProbeResult(
            probe: "p", declared: [declared], reported: reported, duration: .zero)
        #expect(result.signals.count == ProbeResult.signalLimit)
        #expect(result.signals[0].name == "gateway.p_ok")
        #expect(result.dropped == 1001 - ProbeResult.signalLimit)
        // A configuration may name more than that.
        let many = (0..<300).map { SignalDeclaration("x.f\($0)") }
        let whole = ProbeResult(
            probe: "p", declared: many, reported: reported, duration: .zero)
        #expect(whole.signals.map(\.name) == many.map(\.name))
        #expect(whole.dropped == 700)
    }

    @Test("a signal that is reported with two values has none")
    func contradiction() {
        let (ok, count) = (SignalDeclaration("doctor.a_b_ok"), SignalDeclaration("doctor.n"))
        let result = ProbeResult(
            probe: "p", declared: [ok],
            reported: [ok.flag(true), count.number(3), ok.flag(false), count.number(3)],
            duration: .zero)
        #expect(result.signals.map(\.name) == ["doctor.a_b_ok", "doctor.n"])
        #expect(
            result.signals[0].value
                == .absent(why: "garbage", detail: "reported twice, as true and false"))
        #expect(result.signals[1].value == .number(3))
    }

    @Test("of two probes with one name the first is kept")
    func duplicates() {
        #expect(ProbeSet([ScriptedProbe.good("a"), ScriptedProbe.good("a")]).probes.count == 1)
    }

    @Test(
        "Server-Timing shows the probe as a token, its time and the reason of an absence",
        arguments: [
            ("disk", true, "disk;dur=12.3"),
            ("a b;\"é", false, "a_b____;dur=12.3;desc=\"timeout\""),
            ("", true, "_;dur=12.3"),
        ])
    func serverTiming(name: String, isGood: Bool, expected: String) {
        let declared = SignalDeclaration("gateway.ok")
        let result = ProbeResult(
            probe: name, declared: [declared],
            reported: [isGood ? declared.flag(true) : declared.absent(MissingData(.timeout))],
            duration: .microseconds(12_345))
        #expect(result.serverTiming == expected)
    }

    @Test("the reason of an absence is cut at 200 scalars")
    func bounded() {
        let absence = MissingData(.garbage, String(repeating: "e\u{301}\u{302}", count: 1000))
        #expect(absence.detail.unicodeScalars.count == MissingData.detailLimit)
    }
}
