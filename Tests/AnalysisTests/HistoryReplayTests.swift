import Events
import JSON
import Testing

@testable import Analysis

@Suite("Recorded attempts judged again")
struct HistoryReplayTests {
    private static let policy = Policy(checks: [
        Check(id: "canary.5xx_rate", fail: 0.5, critical: true, statistics: .init(.counter))
    ])

    private static func signals(_ failing: Double) -> [Signal] {
        let canary = Signal.Evidence.counter(failing: failing, total: 1000)
        let stable = Signal.Evidence.counter(failing: 20, total: 9000)
        return [
            Signal(
                "canary.5xx_rate", unit: .ratio, value: .number(failing / 1000), evidence: canary),
            Signal("stable.5xx_rate", unit: .ratio, value: .number(20.0 / 9000), evidence: stable),
        ]
    }

    /// The events of a run with a degrading canary, as a gateway writes them.
    private static func events() throws -> [Event] {
        var ledger = AttemptLedger(timing: Sample.timing)
        return try (0..<6).map { step in
            let now = Sample.start + .seconds(30 * step)
            guard case .new(let ticket) = ledger.begin("s", at: now) else { throw Failed() }
            let seen = signals(Double(2 + step))
            let window = MeasurementWindow(start: now - .seconds(30), end: now)
            let judgement = Judge.judge(
                signals: seen, policy: policy, history: ticket.history, window: window)
            let record = AttemptRecord(
                judgement, document: Sample.document(judgement, signals: seen), ticket: ticket,
                inputs: WindowInputs(seen, of: window, judgedBy: policy), policy: policy.sha,
                binary: "b")
            ledger.complete(ticket, with: record)
            let event = Event(
                verdict: record, judgement: judgement, request: Sample.request, concern: "",
                ticket: ticket, gateway: Sample.gateway)
            return try Event(line: event.line)
        }
    }

    struct Failed: Error {}

    @Test("with the original policy, nothing changes")
    func same() throws {
        var replay = HistoryReplay(policies: PolicyTable(PolicySet(Self.policy)))
        for event in try Self.events() { #expect(replay.replay(event) == nil) }
        #expect(replay.judged == 6)
        #expect(replay.skipped == 0)
    }

    @Test("with a stricter policy, the changes are reported with their reasons")
    func stricter() throws {
        var strict = Self.policy.checks[0]
        strict.fail = 0.0001
        var replay = HistoryReplay(policies: PolicyTable(PolicySet(Policy(checks: [strict]))))
        let changes = try Self.events().compactMap { replay.replay($0) }
        #expect(replay.changed == changes.count)
        #expect(changes.last?.now == .unhealthy)
        #expect(changes.last?.attempt == 6)
        #expect(changes.last?.reasons.first?.why == "abs_fail")
    }

    @Test("a recorded rule is read back with the numbers that decided")
    func rules() throws {
        let event = try #require(try Self.events().last)
        let rule = try #require(RuleRecord.all(in: event).first)
        #expect(rule.id == "canary.5xx_rate")
        #expect(rule.rule["fail"]?.double == 0.5)
        for name in ["n", "lower", "upper", "p_window", "e", "p_run", "certified"] {
            #expect(rule.numbers.contains { $0.name == name })
        }
    }

    @Test("events without inputs are counted, not guessed")
    func skipped() throws {
        var event = try #require(try Self.events().first)
        event.extra.removeAll { $0.key == "inputs" }
        var replay = HistoryReplay(policies: PolicyTable(PolicySet(Self.policy)))
        #expect(replay.replay(event) == nil)
        #expect(replay.skipped == 1)
    }
}
