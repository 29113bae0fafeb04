import Events
import Testing

@testable import Analysis

struct AttemptLedgerTests {
    private let start = Sample.start
    private var ledger = AttemptLedger(timing: Sample.timing)

    private mutating func attempt(
        _ signals: [Signal] = Sample.signals(), after offset: Duration, series: String = "s"
    ) -> AttemptNumber? {
        Sample.attempt(&ledger, signals, at: start + offset, series: series)?.record.verdict.number
    }

    @Test(arguments: [
        (Duration.seconds(30), Duration.seconds(5), Duration.seconds(60)),
        (.seconds(10), .seconds(5), .seconds(30)), (.seconds(4), .seconds(2), .seconds(30)),
        (.seconds(100), .seconds(5), .seconds(200)), (.seconds(600), .seconds(5), .seconds(1200)),
    ])
    func spansFollowTheInterval(interval: Duration, repeats: Duration, silence: Duration) {
        let timing = AttemptTiming(interval: interval)
        #expect(timing.repeatWindow == repeats)
        #expect(timing.silence() == silence)
    }

    @Test mutating func aRepeatWithinTheWindowGetsTheSameBytes() throws {
        let first = try #require(Sample.attempt(&ledger, Sample.signals(), at: start))
        for offset in [Duration.zero, .milliseconds(1), .milliseconds(5000), .milliseconds(-5000)] {
            let again = ledger.begin(Sample.series, at: start + offset)
            #expect(again == .repeat(first.record.verdict))
        }
        guard case .new(let next) = ledger.begin(Sample.series, at: start + .milliseconds(5001))
        else {
            Issue.record("a millisecond after the window is the next attempt")
            return
        }
        #expect(next.number == AttemptNumber(n: 2, epoch: 1))
    }

    /// The window starts at the attempt's first caller, not at its last.
    @Test mutating func repeatsDoNotProlongTheWindow() {
        #expect(attempt(after: .zero) == AttemptNumber(n: 1, epoch: 1))
        #expect(attempt(after: .seconds(4)) == nil)
        #expect(attempt(after: .seconds(6)) == AttemptNumber(n: 2, epoch: 1))
    }

    @Test mutating func aClockSetBackDoesNotFreezeTheSeries() {
        #expect(attempt(after: .zero)?.n == 1)
        #expect(attempt(after: .seconds(-3600)) == AttemptNumber(n: 2, epoch: 1))
        #expect(attempt(after: .seconds(-3590)) == AttemptNumber(n: 3, epoch: 1))
    }

    @Test mutating func silenceBeginsANewRun() {
        #expect(attempt(after: .zero) == AttemptNumber(n: 1, epoch: 1))
        #expect(attempt(after: .seconds(60)) == AttemptNumber(n: 2, epoch: 1))
        #expect(attempt(after: .milliseconds(120_001)) == AttemptNumber(n: 1, epoch: 2))
        #expect(attempt(after: .milliseconds(150_001)) == AttemptNumber(n: 2, epoch: 2))
    }

    /// A caller with another interval than the configured one still gets one run: after two
    /// equal gaps its own pace counts.
    @Test mutating func aSlowerCallerSetsThePace() {
        let numbers = (0..<6).map { attempt(after: .seconds(120 * $0)) }
        #expect(numbers.map(\.?.epoch) == [1, 2, 3, 3, 3, 3])
        #expect(numbers.last == AttemptNumber(n: 4, epoch: 3))
        // Its silence is twice its pace, also for the policy of its run.
        #expect(ledger.policy(ofRun: "s", at: start + .seconds(840)) != nil)
        #expect(ledger.policy(ofRun: "s", at: start + .milliseconds(840_001)) == nil)
        #expect(attempt(after: .milliseconds(840_001))?.epoch == 4)
    }

    @Test mutating func seriesAreCountedApart() {
        #expect(attempt(after: .zero, series: "a")?.n == 1)
        #expect(attempt(after: .seconds(30), series: "a")?.n == 2)
        #expect(attempt(after: .seconds(30), series: "b")?.n == 1)
    }

    @Test mutating func concurrentCallersWaitForTheFirst() throws {
        guard case .new(let ticket) = ledger.begin("s", at: start) else {
            Issue.record("no ticket")
            return
        }
        #expect(ledger.begin("s", at: start + .seconds(1)) == .inFlight(ticket))
        // Even a slow evaluation is awaited until it must be lost.
        #expect(ledger.begin("s", at: start + .seconds(300)) == .inFlight(ticket))
        guard case .new(let successor) = ledger.begin("s", at: start + .milliseconds(300_001))
        else {
            Issue.record("a dead evaluation must not block its series")
            return
        }
        #expect(successor != ticket)
        ledger.abandon(ticket)
        #expect(ledger.begin("s", at: start + .milliseconds(300_002)) == .inFlight(successor))
    }

    @Test mutating func anAbandonedAttemptLeavesItsNumber() throws {
        let begun = ledger.begin("s", at: start)
        let ticket = try #require(begun.ticket)
        ledger.abandon(ticket)
        #expect(attempt(after: .milliseconds(1)) == AttemptNumber(n: 1, epoch: 1))
        #expect(attempt(after: .seconds(30)) == AttemptNumber(n: 2, epoch: 1))
    }

    @Test mutating func aTicketIsUsedOnce() throws {
        let begun = ledger.begin("s", at: start)
        let ticket = try #require(begun.ticket)
        let verdict = FrozenVerdict(
            number: ticket.number, status: .healthy, document: VerdictDocument(bytes: [1]),
            measuredAt: start)
        let record = AttemptRecord(
            verdict: verdict, values: MetricValues(), policy: "p", binary: "b")
        #expect(ledger.complete(ticket, with: record) == true)
        #expect(ledger.complete(ticket, with: record) == false)
        #expect(ledger.begin("s", at: start) == .repeat(verdict))
    }

    // MARK: - Stated numbers

    private mutating func number(stated: Int?, after offset: Duration) -> AttemptNumber? {
        guard case .new(let ticket) = ledger.begin("s", stated: stated, at: start + offset) else {
            return nil
        }
        let verdict = FrozenVerdict(
            number: ticket.number, status: .healthy, document: VerdictDocument(bytes: []),
            measuredAt: ticket.startedAt)
        ledger.complete(
            ticket,
            with: AttemptRecord(
                verdict: verdict, values: MetricValues(), policy: "p", binary: "b"))
        return ticket.number
    }

    @Test mutating func aStatedNumberThatRisesIsTaken() {
        #expect(
            number(stated: 4, after: .zero) == AttemptNumber(n: 4, epoch: 1, source: .caller))
        #expect(number(stated: 4, after: .seconds(1)) == nil)
        #expect(
            number(stated: 5, after: .seconds(1)) == AttemptNumber(n: 5, epoch: 1, source: .caller))
        #expect(number(stated: nil, after: .seconds(30)) == AttemptNumber(n: 6, epoch: 1))
    }

    /// Argo resolves arguments once per run: a number in a template never changes, and must not
    /// freeze the verdict.
    @Test mutating func aConstantStatedNumberIsNoNumber() {
        #expect(number(stated: 1, after: .zero)?.source == .caller)
        #expect(number(stated: 1, after: .seconds(30)) == AttemptNumber(n: 2, epoch: 1))
        #expect(number(stated: 1, after: .seconds(60)) == AttemptNumber(n: 3, epoch: 1))
        #expect(number(stated: 1, after: .seconds(62)) == nil)
        #expect(
            number(stated: 1, after: .seconds(400))
                == AttemptNumber(n: 1, epoch: 2, source: .caller))
    }

    // MARK: - Cannot measure

    private mutating func refuse(after offset: Duration) -> AttemptLedger.Unmeasured? {
        guard case .new(let ticket) = ledger.begin("s", at: start + offset) else { return nil }
        let answer = ledger.unmeasured(ticket, at: start + offset)
        if answer == .answer {
            let verdict = FrozenVerdict(
                number: ticket.number, status: .unknown, document: VerdictDocument(bytes: []),
                measuredAt: ticket.startedAt)
            ledger.complete(
                ticket,
                with: AttemptRecord(
                    verdict: verdict, values: MetricValues(), policy: "p", binary: "b",
                    measured: false))
        }
        return answer
    }

    @Test mutating func threeRefusalsThenUnknown() {
        #expect(refuse(after: .zero) == .refuse(ordinal: 1))
        #expect(refuse(after: .seconds(10)) == .refuse(ordinal: 2))
        #expect(refuse(after: .seconds(20)) == .refuse(ordinal: 3))
        #expect(refuse(after: .seconds(30)) == .answer)
        #expect(refuse(after: .seconds(60)) == .answer)
        #expect(ledger.frozen("s", at: start + .seconds(61))?.number.n == 2)
        // A successful measurement restarts the count.
        #expect(number(stated: nil, after: .seconds(90)) == AttemptNumber(n: 3, epoch: 1))
        #expect(refuse(after: .seconds(120)) == .refuse(ordinal: 1))
    }

    /// Several metrics of one run request at the same time: one refusal, not three.
    @Test mutating func refusalsOfOneMomentAreOne() {
        #expect(refuse(after: .zero) == .refuse(ordinal: 1))
        #expect(refuse(after: .seconds(1)) == .refuse(ordinal: 1))
        #expect(refuse(after: .seconds(5)) == .refuse(ordinal: 1))
        #expect(refuse(after: .milliseconds(5001)) == .refuse(ordinal: 2))
    }

    @Test mutating func refusalsBelongToTheirRun() {
        #expect(refuse(after: .zero) == .refuse(ordinal: 1))
        #expect(refuse(after: .seconds(10)) == .refuse(ordinal: 2))
        #expect(refuse(after: .milliseconds(310_001)) == .refuse(ordinal: 1))
        // A refusal started the new run; the next attempt belongs to it.
        #expect(number(stated: nil, after: .seconds(320)) == AttemptNumber(n: 1, epoch: 2))
    }

    // MARK: - History

    @Test mutating func previousAndHealthyValuesAreRemembered() throws {
        for (index, rate) in [0.001, 0.002, 0.02, 0.003, 0.004].enumerated() {
            _ = attempt(
                Sample.signals(rate: .number(rate)), after: .seconds(30 * index))
        }
        let begun = ledger.begin("s", at: start + .seconds(150))
        let ticket = try #require(begun.ticket)
        #expect(ticket.history.previous["canary.5xx_rate"] == 0.004)
        #expect(ticket.history.previous["gateway.disk_ok"] == 1)
        // The failed third is not among the healthy ones, and only three are kept.
        #expect(ticket.history.healthyValues(of: "canary.5xx_rate") == [0.002, 0.003, 0.004])
        #expect(ticket.history.lastStatus == .healthy)
    }

    @Test mutating func aChangeOfPolicyOrBinaryMixesTheRunForGood() throws {
        func record(_ ticket: AttemptTicket, binary: String) -> AttemptRecord {
            AttemptRecord(
                verdict: FrozenVerdict(
                    number: ticket.number, status: .healthy, document: VerdictDocument(bytes: []),
                    measuredAt: ticket.startedAt),
                values: MetricValues(), policy: "p", binary: binary)
        }
        var comparable: [Bool] = []
        var changes: [Bool] = []
        for (index, binary) in ["a", "a", "b", "b", "a"].enumerated() {
            guard case .new(let ticket) = ledger.begin("s", at: start + .seconds(30 * index))
            else { continue }
            comparable.append(ticket.history.isComparable(policy: "p", binary: binary))
            changes.append(ticket.history.changes(policy: "p", binary: binary))
            ledger.complete(ticket, with: record(ticket, binary: binary))
        }
        #expect(comparable == [true, true, false, false, false])
        #expect(changes == [false, false, true, false, true])
        let begun = ledger.begin("s", at: start + .seconds(900))
        let later = try #require(begun.ticket)
        #expect(later.history.isComparable(policy: "q", binary: "c"))
    }

    // MARK: - Bounds

    @Test mutating func theLeastRecentlyUsedSeriesIsForgotten() {
        ledger = AttemptLedger(timing: Sample.timing, capacity: 3)
        for series in ["a", "b", "c"] { _ = attempt(after: .zero, series: series) }
        // A retry counts as a use.
        _ = ledger.begin("a", at: start)
        _ = ledger.takeChanges()
        #expect(attempt(after: .zero, series: "d")?.n == 1)
        #expect(ledger.count == 3)
        #expect(
            ledger.takeChanges().map { $0.checkpoint == nil ? "-\($0.series)" : $0.series }
                == ["-b", "d"])
        #expect(attempt(after: .seconds(30), series: "a")?.n == 2)
        #expect(attempt(after: .seconds(30), series: "b")?.n == 1)
    }

    @Test mutating func aSeriesUnderEvaluationIsNotForgotten() throws {
        ledger = AttemptLedger(timing: Sample.timing, capacity: 1)
        let begun = ledger.begin("a", at: start)
        let ticket = try #require(begun.ticket)
        _ = attempt(after: .zero, series: "b")
        _ = attempt(after: .zero, series: "c")
        #expect(ledger.begin("a", at: start) == .inFlight(ticket))
    }

    @Test mutating func theFrozenVerdictOutlivesTheRepeatWindow() {
        _ = attempt(after: .zero)
        #expect(ledger.frozen("s", at: start + .seconds(60))?.number.n == 1)
        #expect(ledger.frozen("s", at: start + .milliseconds(60_001)) == nil)
        #expect(ledger.frozen("other", at: start) == nil)
    }
}
