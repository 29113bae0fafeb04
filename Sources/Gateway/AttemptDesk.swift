import Analysis
import Events

/// Owns the attempts of every series: decides whether a request is a repeat,
/// and joins concurrent duplicates to the one evaluation under way.
///
/// An actor because the ledger is one value that every request changes; it
/// never waits for a probe or the disk while it holds a decision open.
actor AttemptDesk {
    /// How an answer came about.
    enum Origin: Sendable {
        case evaluated
        /// The frozen bytes, or another caller's evaluation.
        case repeated
    }

    private var ledger: AttemptLedger
    private var running: [String: Running] = [:]

    private struct Running {
        let task: Task<MeasurementOutcome, Never>
        /// The log's head when the evaluation began: its event lies behind it.
        let floor: LogPosition
    }

    init(ledger: AttemptLedger) { self.ledger = ledger }

    /// The frozen verdict when the request repeats the series' attempt, the
    /// outcome of the evaluation under way when there is one, else that of
    /// `evaluate`, which is told when the series was measured last in this run. It runs to its end even when every caller goes away: one
    /// attempt, one verdict, one event.
    func measure(
        _ series: String, stated: Int?, at now: Timestamp, head: LogPosition,
        evaluate:
            @escaping @Sendable (AttemptTicket, _ previous: Timestamp?) async -> MeasurementOutcome
    ) async -> (outcome: MeasurementOutcome, origin: Origin) {
        if let running = running[series] { return (await running.task.value, .repeated) }
        var admission = ledger.begin(series, stated: stated, at: now)
        if case .inFlight(let lost) = admission {
            // Nobody evaluates it any more.
            ledger.abandon(lost)
            admission = ledger.begin(series, stated: stated, at: now)
        }
        switch admission {
        case .repeat(let frozen): return (.judged(frozen), .repeated)
        case .inFlight(let ticket), .new(let ticket):
            let previous = ledger.frozen(series, at: now)?.measuredAt
            let task = Task {
                let outcome = await evaluate(ticket, previous)
                self.ended(series)
                return outcome
            }
            running[series] = Running(task: task, floor: head)
            return (await task.value, .evaluated)
        }
    }

    private func ended(_ series: String) { running[series] = nil }

    // MARK: - Called by the evaluation

    func complete(_ ticket: AttemptTicket, with record: AttemptRecord) {
        ledger.complete(ticket, with: record)
    }

    func unmeasured(_ ticket: AttemptTicket, at now: Timestamp) -> AttemptLedger.Unmeasured {
        ledger.unmeasured(ticket, at: now)
    }

    // MARK: - Keeping

    /// What changed since the last call, and the place in the log up to which
    /// it holds every attempt; `head` is the log's head by now.
    func takeChanges(head: LogPosition) -> (changes: [AttemptLedger.Change], to: LogPosition) {
        (ledger.takeChanges(), running.values.map(\.floor).min().map { min($0, head) } ?? head)
    }
}
