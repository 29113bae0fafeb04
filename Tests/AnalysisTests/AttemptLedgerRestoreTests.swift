import Events
import JSON
import Testing

@testable import Analysis

struct AttemptLedgerRestoreTests {
    private let start = Sample.start

    private static let timeline: [(Int, [Signal])] = [
        (0, Sample.signals()), (30, Sample.signals(rate: .number(0.003))),
        (60, Sample.signals(rate: .number(0.02))), (90, Sample.signals(p99: 260)),
        (120, Sample.signals()), (600, Sample.signals(diskOK: false)),
        (630, Sample.signals()),
    ]

    /// The history of one series: the resulting ledger, and the events it wrote.
    private func life() -> (ledger: AttemptLedger, events: [Event]) {
        var ledger = AttemptLedger(timing: Sample.timing)
        var events: [Event] = []
        for (second, signals) in Self.timeline {
            let attempt = Sample.attempt(&ledger, signals, at: start + .seconds(second))
            if let event = attempt?.event { events.append(event) }
        }
        return (ledger, events)
    }

    @Test func theLogAloneRebuildsTheLedger() throws {
        let (ledger, events) = life()
        #expect(events.count == Self.timeline.count)
        var rebuilt = AttemptLedger(timing: Sample.timing)
        for event in events {
            // As read from the log: through the event's line.
            #expect(try rebuilt.restore(from: Event(line: event.line)) == true)
        }
        #expect(rebuilt.states == ledger.states)
    }

    @Test func replayingKnownEventsChangesNothing() throws {
        let (ledger, events) = life()
        var replayed = ledger
        for event in events { #expect(replayed.restore(from: event) == false) }
        #expect(replayed.states == ledger.states)
    }

    @Test func checkpointsAndTheRestOfTheLogGiveTheSame() throws {
        let (ledger, events) = life()
        for known in 0...events.count {
            var early = AttemptLedger(timing: Sample.timing)
            for event in events.prefix(known) { early.restore(from: event) }
            var resumed = AttemptLedger(timing: Sample.timing)
            for change in early.takeChanges() {
                try resumed.restore(
                    series: change.series, checkpoint: #require(change.checkpoint))
            }
            #expect(resumed.takeChanges().isEmpty)
            // The replay begins before the checkpoint's position.
            for event in events.dropFirst(max(known - 2, 0)) { resumed.restore(from: event) }
            #expect(resumed.states == ledger.states)
        }
    }

    @Test func aRepeatAfterARestartGetsTheSameBytes() throws {
        let (ledger, events) = life()
        var rebuilt = AttemptLedger(timing: Sample.timing)
        for event in events { rebuilt.restore(from: try Event(line: event.line)) }
        var original = ledger
        let soon = start + .seconds(634)
        let answer = rebuilt.begin(Sample.series, at: soon)
        #expect(answer == original.begin(Sample.series, at: soon))
        guard case .repeat(let verdict) = answer else {
            Issue.record("not a repeat: \(answer)")
            return
        }
        #expect(verdict.number == AttemptNumber(n: 2, epoch: 2))
        #expect(verdict.document.digest == ContentHash.hex(verdict.document.bytes))
    }

    @Test func anEvaluationUnderWayDiesWithTheProcess() throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        let begun = ledger.begin("s", at: start)
        try #require(begun.ticket != nil)
        var resumed = AttemptLedger(timing: Sample.timing)
        for change in ledger.takeChanges() {
            try resumed.restore(series: change.series, checkpoint: #require(change.checkpoint))
        }
        guard case .new(let ticket) = resumed.begin("s", at: start + .seconds(1)) else {
            Issue.record("the series is blocked by an evaluation that is gone")
            return
        }
        #expect(ticket.number == AttemptNumber(n: 1, epoch: 1))
    }

    @Test func refusalsAreRebuiltFromTheLog() throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        var events: [Event] = []
        let silent = Sample.signals(rate: .absent(why: "refused", detail: ""))
        let judgement = Sample.judge(silent)
        for second in [0, 10, 20] {
            let now = start + .seconds(second)
            guard
                case .new(let ticket) = ledger.begin(
                    Sample.series, of: RunSubject(Sample.request), at: now),
                case .refuse(let ordinal) = ledger.unmeasured(ticket, at: now)
            else {
                Issue.record("not refused")
                return
            }
            events.append(
                Event(
                    unmeasured: judgement, ordinal: ordinal, request: Sample.request, concern: "",
                    ticket: ticket, gateway: Sample.gateway, policy: Sample.policy))
        }
        // The fourth is answered and logged as a verdict.
        let now = start + .seconds(30)
        let begun = ledger.begin(
            Sample.series, of: RunSubject(Sample.request), at: now)
        let ticket = try #require(begun.ticket)
        #expect(ledger.unmeasured(ticket, at: now) == .answer)
        let record = AttemptRecord(
            judgement, document: Sample.document(judgement, signals: silent), ticket: ticket,
            policy: Sample.policy.sha, binary: Sample.gateway.binary)
        ledger.complete(ticket, with: record)
        events.append(
            Event(
                verdict: record, judgement: judgement, request: Sample.request, concern: "",
                ticket: ticket, gateway: Sample.gateway))

        var rebuilt = AttemptLedger(timing: Sample.timing)
        for event in events { #expect(try rebuilt.restore(from: Event(line: event.line)) == true) }
        #expect(rebuilt.states == ledger.states)
        guard case .new(let next) = rebuilt.begin(Sample.series, at: start + .seconds(60)) else {
            return
        }
        #expect(rebuilt.unmeasured(next, at: start + .seconds(60)) == .answer)
    }

    @Test(arguments: [
        #"{"event":"analysis.healthy","ts":"2026-11-23T06:00:00Z"}"#,
        #"{"event":"analysis.healthy","ts":"2026-11-23T06:00:00Z","status":"healthy","attempt":1,"series":"s","run":1}"#,
        #"{"event":"analysis.healthy","ts":"2026-11-23T06:00:00Z","status":"healthy","attempt":1,"series":"s","run":0,"document":{}}"#,
        #"{"event":"analysis.healthy","ts":"2026-11-23T06:00:00Z","status":"healthy","attempt":0,"series":"s","run":1,"document":{}}"#,
        #"{"event":"analysis.healthy","ts":"2026-11-23T06:00:00Z","status":"healthy","attempt":1,"series":"s","run":1,"document":[]}"#,
        #"{"event":"request.refused","ts":"2026-11-23T06:00:00Z","series":"s","run":1}"#,
        #"{"event":"other","ts":"2026-11-23T06:00:00Z","series":"s","run":1,"unmeasured":1}"#,
    ])
    func otherEventsChangeNothing(line: String) throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        #expect(try ledger.restore(from: Event(line: Array(line.utf8))) == false)
        #expect(ledger.count == 0)
    }

    @Test func damagedCheckpointsAreRefusedAndKeepWhatIsThere() throws {
        var (ledger, _) = life()
        let before = ledger.states
        let good = try #require(ledger.takeChanges().first?.checkpoint)
        let damaged = [
            "", "{}", "[]", String(good.dropLast()),
            good.replacing(#""v":1"#, with: #""v":2"#),
            good.replacing(
                #""status":"healthy","degraded""#, with: #""status":"unknown","degraded""#),
            good.replacing(#""epoch":2"#, with: #""epoch":-2"#),
            good.replacing(#""source":"counted","status""#, with: #""source":"?","status""#),
        ]
        for text in damaged {
            #expect(text != good)
            #expect(throws: CheckpointFault.self) {
                try ledger.restore(series: Sample.series, checkpoint: text)
            }
        }
        #expect(ledger.states == before)
        #expect(throws: Never.self) { try ledger.restore(series: Sample.series, checkpoint: good) }
        #expect(ledger.states == before)
    }

    @Test func runEvidenceSurvivesBothWays() throws {
        let policy = Policy(checks: [
            Check(id: "canary.5xx_rate", statistics: StatisticalSpec(.counter))
        ])
        func counts(_ x: Double, _ n: Double) -> Signal.Evidence {
            .counter(failing: x, total: n)
        }
        var ledger = AttemptLedger(timing: Sample.timing)
        var rebuilt = ledger
        for index in 0..<4 {
            let now = start + .seconds(30 * index)
            guard
                case .new(let ticket) = ledger.begin(
                    Sample.series, of: RunSubject(Sample.request), at: now)
            else { continue }
            let signals = [
                Signal(
                    "canary.5xx_rate", unit: .ratio, value: .number(0.01), evidence: counts(3, 300)),
                Signal(
                    "stable.5xx_rate", unit: .ratio, value: .number(0.01), evidence: counts(4, 900)),
            ]
            let window = MeasurementWindow(at: now, length: .seconds(30), settle: .seconds(5))
            let judgement = Judge.judge(
                signals: signals, policy: policy, history: ticket.history, window: window)
            let record = AttemptRecord(
                judgement, document: Sample.document(judgement, signals: signals), ticket: ticket,
                policy: policy.sha, binary: "b")
            ledger.complete(ticket, with: record)
            let event = Event(
                verdict: record, judgement: judgement, request: Sample.request, concern: "",
                ticket: ticket, gateway: Sample.gateway)
            rebuilt.restore(from: try Event(line: event.line))
        }
        #expect(rebuilt.states[Sample.series]?.history.evidence["canary.5xx_rate"]?.logs.count == 8)
        for id in ledger.states.keys {
            #expect(rebuilt.states[id]?.history.evidence == ledger.states[id]?.history.evidence)
        }
        var resumed = AttemptLedger(timing: Sample.timing)
        for change in ledger.takeChanges() {
            try resumed.restore(series: change.series, checkpoint: #require(change.checkpoint))
        }
        #expect(resumed.states == ledger.states)
    }
}
