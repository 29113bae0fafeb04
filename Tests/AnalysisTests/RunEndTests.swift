import Events
import JSON
import Testing

@testable import Analysis

@Suite("The end of a run")
struct RunEndTests {
    private static let start = Sample.start
    private static let policy = Policy(checks: [
        Check(
            id: "canary.5xx_rate", warn: 0.01, fail: 0.05, critical: true,
            statistics: StatisticalSpec(.counter))
    ])

    private static func signals(_ failing: Double) -> [Signal] {
        [
            Signal(
                "canary.5xx_rate", unit: .ratio, value: .number(failing / 800),
                evidence: .counter(failing: failing, total: 800)),
            Signal(
                "stable.5xx_rate", unit: .ratio, value: .number(3.0 / 2400),
                evidence: .counter(failing: 3, total: 2400)),
        ]
    }

    private static func end(
        revision: String? = "17", rollout: String = "payments-api", namespace: String = "prod",
        at second: Int
    ) -> RunEnd {
        RunEnd(
            namespace: namespace, rollout: rollout, revision: revision,
            cause: EventName.rolloutAborted, at: start + .seconds(second))
    }

    /// One attempt with `failing` of 800 canary requests.
    @discardableResult
    private func attempt(
        _ ledger: inout AttemptLedger, _ failing: Double, at second: Int,
        request: MeasurementRequest = Sample.request
    ) throws -> (judgement: Judgement, number: AttemptNumber, event: Event) {
        let now = Self.start + .seconds(second)
        let begun = ledger.begin(request.series().id, of: RunSubject(request), at: now)
        let ticket = try #require(begun.ticket)
        let next = ticket.history.next(at: now, length: .seconds(5), settle: .zero)
        guard case .window(let window) = next else { throw Failed() }
        let seen = Self.signals(failing)
        let judgement = Judge.judge(
            signals: seen, policy: Self.policy, history: ticket.history, window: window)
        let record = AttemptRecord(
            judgement, document: Sample.document(judgement, signals: seen), ticket: ticket,
            inputs: WindowInputs(seen, of: window, judgedBy: Self.policy),
            policy: Self.policy.sha, binary: "b")
        #expect(ledger.complete(ticket, with: record) == true)
        let event = Event(
            verdict: record, judgement: judgement, request: request, concern: "",
            ticket: ticket, gateway: Sample.gateway)
        return (judgement, ticket.number, event)
    }

    struct Failed: Error {}

    @Test("a retry 30 s after an abort is a new run, judged on its own data, and succeeds")
    func retry() throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        try attempt(&ledger, 2, at: 0)
        #expect(try attempt(&ledger, 60, at: 30).judgement.status == .unhealthy)
        var unreported = ledger

        #expect(ledger.end(Self.end(at: 32)) == 1)
        let retried = try attempt(&ledger, 2, at: 62)
        #expect(retried.number == AttemptNumber(n: 1, epoch: 2))
        #expect(retried.judgement.status == .healthy)
        #expect(retried.judgement.outcomes.first?.previous == nil)
        #expect(try attempt(&ledger, 2, at: 92).number == AttemptNumber(n: 2, epoch: 2))

        // Without the report, it is an attempt of the aborted run.
        let continued = try attempt(&unreported, 2, at: 62)
        #expect(continued.number == AttemptNumber(n: 3, epoch: 1))
        #expect(continued.judgement.status != .healthy)
    }

    @Test("a repeat after the end is a new attempt, also within the repeat window")
    func noRepeat() throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        try attempt(&ledger, 2, at: 0)
        let now = Self.start + .seconds(3)
        #expect(ledger.repeated(Sample.series, at: now) != nil)
        #expect(ledger.policy(ofRun: Sample.series, at: now) == Self.policy.sha)
        ledger.end(Self.end(at: 2))
        #expect(ledger.repeated(Sample.series, at: now) == nil)
        #expect(ledger.frozen(Sample.series, at: now) == nil)
        #expect(ledger.policy(ofRun: Sample.series, at: now) == nil)
        let begun = ledger.begin(Sample.series, at: now)
        #expect(begun.ticket?.number == AttemptNumber(n: 1, epoch: 2))
    }

    @Test(
        "only runs of this rollout and revision that had begun are ended",
        arguments: [
            (Self.end(at: 40), 1), (Self.end(revision: nil, at: 40), 1),
            (Self.end(revision: "18", at: 40), 0), (Self.end(rollout: "shop", at: 40), 0),
            (Self.end(namespace: "dev", at: 40), 0), (Self.end(at: -1), 0),
        ] as [(RunEnd, Int)])
    func selection(end: RunEnd, runs: Int) throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        try attempt(&ledger, 2, at: 0)
        #expect(ledger.end(end) == runs)
        #expect(ledger.end(end) == 0, "the same end again changes nothing")
    }

    @Test("an end without a revision, and a caller without one, match every revision")
    func withoutRevision() throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        let bare = MeasurementRequest(rollout: "payments-api", namespace: "prod")
        try attempt(&ledger, 2, at: 0, request: bare)
        try attempt(&ledger, 2, at: 0)
        #expect(ledger.end(Self.end(revision: "16", at: 10)) == 1)
        #expect(ledger.end(Self.end(revision: nil, at: 10)) == 1)
    }

    @Test("an evaluation under way completes its attempt of the ended run")
    func underWay() throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        try attempt(&ledger, 2, at: 0)
        let begun = ledger.begin(Sample.series, at: Self.start + .seconds(30))
        let ticket = try #require(begun.ticket)
        ledger.end(Self.end(at: 31))
        let judgement = Sample.judge(Sample.signals())
        let record = AttemptRecord(
            judgement, document: Sample.document(judgement, signals: []), ticket: ticket,
            policy: "p", binary: "b")
        #expect(ledger.complete(ticket, with: record) == true)
        #expect(try attempt(&ledger, 2, at: 60).number == AttemptNumber(n: 1, epoch: 2))
    }

    @Test("the end survives a restart, by the checkpoint and by the gateway's event")
    func restart() throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        let first = try attempt(&ledger, 2, at: 0).event
        let end = Self.end(at: 2)
        ledger.end(end)
        let ended = Event(
            ended: end, runs: 1, gateway: Sample.gateway, at: Self.start + .seconds(2))
        let next = try attempt(&ledger, 2, at: 32).event

        var rebuilt = AttemptLedger(timing: Sample.timing)
        for event in [first, ended] {
            #expect(try rebuilt.restore(from: Event(line: event.line)) == true)
        }
        var stored = AttemptLedger(timing: Sample.timing)
        for change in rebuilt.takeChanges() {
            try stored.restore(series: change.series, checkpoint: #require(change.checkpoint))
        }
        #expect(stored.states == rebuilt.states)
        #expect(try attempt(&stored, 2, at: 32).number == AttemptNumber(n: 1, epoch: 2))
        #expect(try rebuilt.restore(from: Event(line: next.line)) == true)
        #expect(rebuilt.states == ledger.states)
        // Read again, the end is older than the run.
        #expect(try rebuilt.restore(from: Event(line: ended.line)) == false)
    }

    @Test("a cell that contains data of the ended run is not measured")
    func tooEarly() {
        let history = SeriesHistory(notBefore: Self.start + .seconds(32))
        let length = Duration.seconds(60)
        func next(_ second: Int) -> SeriesHistory.Next {
            history.next(at: Self.start + .seconds(second), length: length, settle: .zero)
        }
        for second in [62, 99] {
            guard case .tooEarly = next(second) else {
                Issue.record("\(second) s: \(next(second))")
                continue
            }
        }
        guard case .window(let window) = next(200) else {
            Issue.record("a whole cell has passed")
            return
        }
        #expect(window.start >= Self.start + .seconds(32))
    }

    @Test("a run that begins after a silence judges no data from before the last request")
    func afterSilence() throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        try attempt(&ledger, 60, at: 0)
        let length = Duration.seconds(300)
        let begun = ledger.begin(Sample.series, at: Self.start + .seconds(61))
        let ticket = try #require(begun.ticket)
        #expect(ticket.number == AttemptNumber(n: 1, epoch: 2))
        for second in [61, 200] {
            let now = Self.start + .seconds(second)
            guard case .tooEarly = ticket.history.next(at: now, length: length, settle: .zero)
            else {
                Issue.record("\(second) s: data of the run before would be judged")
                continue
            }
        }
        let late = ticket.history.next(
            at: Self.start + .seconds(601), length: length, settle: .zero)
        guard case .window(let window) = late else {
            Issue.record("a whole window has passed")
            return
        }
        #expect(window.start >= Self.start)
        // The first run of a series has no run before it.
        let other = ledger.begin("other", at: Self.start + .seconds(61))
        #expect(other.ticket?.history.notBefore == nil)
    }

    @Test("a run that ended while the clock was ahead is measured again after a restart")
    func endedInTheFuture() throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        try attempt(&ledger, 2, at: 0)
        ledger.end(Self.end(at: 3600))
        ledger.forgetFuture(of: Self.start + .seconds(30))
        #expect(try attempt(&ledger, 2, at: 60).number == AttemptNumber(n: 1, epoch: 2))
    }

    @Test("an attempt without data of its own is unknown, whatever the checks make of missing data")
    func awaiting() {
        for nodata in Check.MissingData.allCases {
            let strict = Policy(checks: [
                Check(id: "canary.5xx_rate", critical: true, nodata: nodata),
                Check(id: "gateway.disk_ok", nodata: nodata),
            ])
            let judgement = Judge.judge(
                signals: strict.absent(why: "run_just_began"), policy: strict.awaitingData,
                window: Sample.window)
            #expect(judgement.status == .unknown)
            #expect(judgement.isUnmeasured)
            #expect(strict.awaitingData.sha == strict.sha)
        }
    }

    @Test(
        "only the events that end a run are ends",
        arguments: [
            ("rollout.aborted", true), ("rollout.completed", true), ("rollout.retried", true),
            ("rollout.promoted", true), ("rollout.paused", false), ("rollout.step_paused", false),
            ("analysis_run.failed", false), ("run.ended", false),
        ])
    func kinds(name: String, ends: Bool) {
        let event = Event(ts: Self.start, event: name, rollout: "payments-api")
        #expect((RunEnd(event) != nil) == ends)
        #expect(RunEnd(Event(ts: Self.start, event: name)) == nil)
    }
}
