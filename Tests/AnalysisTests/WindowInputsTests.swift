import Events
import JSON
import Testing

@testable import Analysis

@Suite("Frozen inputs of a window")
struct WindowInputsTests {
    private static let signals = [
        Signal(
            "canary.5xx_rate", unit: .ratio, value: .number(1.0 / 3),
            evidence: .counter(failing: 1, total: 3)),
        Signal(
            "canary.p99_ms", unit: .milliseconds, value: .number(210.5),
            evidence: .histogram(edges: [100, 250.5, .infinity], cumulative: [4, 9, 10])),
        Signal("canary.rps", unit: .perSecond, value: .number(12)),
        Signal("gateway.disk_ok", unit: .flag, value: .flag(true)),
        Signal(
            "gateway.queue_depth", unit: .count,
            value: .absent(why: "timeout", detail: "no \"answer\"")),
        Signal("stable.5xx_rate", unit: .ratio, value: .absent(why: "no_traffic", detail: "")),
    ]

    @Test("inputs are restored bit for bit, in memory and from an event's line")
    func roundTrip() throws {
        let inputs = try #require(
            WindowInputs(Self.signals, of: Sample.window, judgedBy: Sample.policy))
        #expect(inputs.signals == Self.signals)
        let event = Event(
            ts: Sample.start, event: "analysis.healthy", extra: [.init("inputs", inputs.member)])
        let again = try #require(WindowInputs(tree: try Event(line: event.line).extra("inputs")))
        #expect(again == inputs)
        #expect(again.signals == Self.signals)
        #expect(inputs.text.count < 320)
    }

    @Test("with too many signals the judged ones remain; with too many of those, none")
    func bounds() throws {
        let filler = (0..<2000).map {
            Signal("doctor.filler_\($0)", unit: .count, value: .number(Double($0)))
        }
        let inputs = try #require(
            WindowInputs(filler + Self.signals, of: Sample.window, judgedBy: Sample.policy))
        #expect(Set(inputs.signals.map(\.name)).isSubset(of: Set(Self.signals.map(\.name))))
        #expect(inputs.signals.contains { $0.name == "stable.5xx_rate" })
        let all = Policy(checks: filler.map { Check(id: $0.name, fail: 1) })
        #expect(WindowInputs(filler, of: Sample.window, judgedBy: all) == nil)
    }

    @Test("a run's windows are adjacent on the grid; the same window has the same inputs")
    func next() throws {
        let length = Duration.seconds(30)
        var history = SeriesHistory()
        let start = Timestamp(milliseconds: 1_766_000_010_000)  // 1_766_000_010 is a multiple of 30
        guard case .window(let first) = history.next(at: start, length: length, settle: .zero)
        else { throw Failed() }
        #expect(first.end == start && first.end - first.start == length)
        let inputs = try #require(WindowInputs(Self.signals, of: first, judgedBy: Sample.policy))
        history.inputs = inputs
        for late in [0, 1, 29] {
            #expect(
                history.next(at: start + .seconds(late), length: length, settle: .zero)
                    == .frozen(inputs))
        }
        // Two cells later, nothing in between was skipped.
        #expect(
            history.next(at: start + .seconds(65), length: length, settle: .zero)
                == .window(MeasurementWindow(start: first.end, end: start + .seconds(60))))
        // A clock that is slewed back by less than a cell causes no second judgement.
        #expect(
            history.next(at: start - .seconds(25), length: length, settle: .zero)
                == .frozen(inputs))
    }

    struct Failed: Error {}

    @Test("inputs survive the checkpoint and the log, and end with their run")
    func kept() throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        guard case .new(let ticket) = ledger.begin("s", at: Sample.start) else { throw Failed() }
        let judgement = Sample.judge(Self.signals)
        let inputs = WindowInputs(Self.signals, of: Sample.window, judgedBy: Sample.policy)
        let record = AttemptRecord(
            judgement, document: Sample.document(judgement, signals: Self.signals), ticket: ticket,
            inputs: inputs, policy: "p", binary: "b")
        #expect(record.measured)
        ledger.complete(ticket, with: record)
        let event = Event(
            verdict: record, judgement: judgement, request: Sample.request, concern: "",
            ticket: ticket, gateway: Sample.gateway)

        var copy = AttemptLedger(timing: Sample.timing)
        for change in ledger.takeChanges() {
            try copy.restore(series: change.series, checkpoint: change.checkpoint ?? "")
        }
        var read = AttemptLedger(timing: Sample.timing)
        #expect(read.restore(from: try Event(line: event.line)))
        for var other in [copy, read] {
            guard case .new(let next) = other.begin("s", at: Sample.start + .seconds(20)) else {
                throw Failed()
            }
            #expect(next.history.inputs == inputs)
            other.abandon(next)
            guard case .new(let later) = other.begin("s", at: Sample.start + .seconds(4000)) else {
                throw Failed()
            }
            #expect(later.history.inputs == nil)
        }
    }
}
