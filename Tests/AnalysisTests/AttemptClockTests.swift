import Events
import Testing

@testable import Analysis

@Suite("Attempts when the clock is set")
struct AttemptClockTests {
    static let steps = [
        Duration.seconds(86_400), .seconds(-86_400), .seconds(-365 * 86_400), .seconds(60),
        .seconds(-60),
    ]
    private let start = Sample.start

    @Test(
        "a retry stays a retry, and the next attempt the next of the same run", arguments: steps)
    func attempts(step: Duration) throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        let first = try #require(Sample.attempt(&ledger, Sample.signals(), at: start))
        ledger.clockSet(by: step)
        guard
            case .repeat(let again) = ledger.begin(Sample.series, at: start + step + .seconds(3))
        else {
            Issue.record("three seconds later is the same attempt")
            return
        }
        #expect(again.number == first.record.verdict.number)
        #expect(again.document == first.record.verdict.document)
        guard case .new(let next) = ledger.begin(Sample.series, at: start + step + .seconds(30))
        else {
            Issue.record("thirty seconds later is the next attempt")
            return
        }
        #expect(next.number == AttemptNumber(n: 2, epoch: 1))
    }

    @Test("an evaluation in progress is not lost, and its result counts", arguments: steps)
    func inFlight(step: Duration) throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        guard case .new(let ticket) = ledger.begin(Sample.series, at: start) else {
            Issue.record("the first is new")
            return
        }
        ledger.clockSet(by: step)
        let later = start + step + .seconds(1)
        guard case .inFlight = ledger.begin(Sample.series, at: later) else {
            Issue.record("it is still evaluated")
            return
        }
        let other = try #require(Sample.attempt(&ledger, Sample.signals(), at: start, series: "o"))
        var record = other.record
        record.verdict.number = ticket.number
        record.verdict.measuredAt = ticket.startedAt
        let isKept = ledger.complete(ticket, with: record)
        #expect(isKept)
        guard case .repeat = ledger.begin(Sample.series, at: later) else {
            Issue.record("a second after its start it is the same attempt")
            return
        }
    }

    @Test("after the clock is set back, nothing is judged on old data until it catches up")
    func freshData() throws {
        let inputs = try #require(
            WindowInputs(Sample.signals(), of: Sample.window, judgedBy: Sample.policy))
        let history = SeriesHistory(inputs: inputs)
        let length = Duration.seconds(30)
        func next(_ now: Timestamp) -> SeriesHistory.Next {
            history.next(at: now, length: length, settle: .zero)
        }
        let end = inputs.window.end
        // The judged cell, and the one before it, as with a slewed clock.
        #expect(next(end) == .frozen(inputs))
        #expect(next(end - .seconds(30)) == .frozen(inputs))
        for step in [Duration.seconds(86_400), .seconds(365 * 86_400), .seconds(120)] {
            guard case .window(let window) = next(end - step) else {
                Issue.record("a clock set back by \(step) froze the data")
                continue
            }
            #expect(window.end <= end - step && window.end - window.start == length)
        }
    }

    @Test("a run whose last attempt is in the future still ends by silence")
    func restart() throws {
        var ledger = AttemptLedger(timing: Sample.timing)
        _ = try #require(Sample.attempt(&ledger, Sample.signals(), at: start))
        let now = start - .seconds(86_400)
        ledger.forgetFuture(of: now)
        guard case .new(let next) = ledger.begin(Sample.series, at: now + .seconds(600)) else {
            Issue.record("a new attempt")
            return
        }
        #expect(next.number == AttemptNumber(n: 1, epoch: 2))
    }
}
