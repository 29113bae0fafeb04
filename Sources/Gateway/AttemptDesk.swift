import Analysis
import Events
import Serving
import Synchronization
import Telemetry

/// Owns the attempts of every series: decides whether a request is a repeat,
/// and joins concurrent duplicates to the one evaluation under way.
///
/// Thread-safe. Each decision is one short critical section, so that a repeat
/// is answered without waiting for anything; nothing waits while the lock is held.
final class AttemptDesk: Sendable {
    /// How an answer came about.
    enum Origin: Sendable {
        case evaluated
        /// The frozen bytes, or another caller's evaluation.
        case repeated
    }

    typealias Evaluation =
        @Sendable (AttemptTicket) async -> MeasurementOutcome

    private struct State {
        var ledger: AttemptLedger
        var watch: ClockWatch
        var running: [String: Running] = [:]
    }

    private struct Running {
        let task: Task<MeasurementOutcome, Never>
        /// The log's head when the evaluation began: its event lies behind it.
        let floor: LogPosition
    }

    private enum Admission {
        case frozen(FrozenVerdict)
        case running(Task<MeasurementOutcome, Never>, Origin)
    }

    private let state: Mutex<State>
    private let telemetry: Telemetry

    /// - Parameters:
    ///   - now: The time of day; what the ledger holds of later moments counts as of now.
    ///   - clock: Tells how much time passed, whatever the time of day does.
    init(
        ledger: AttemptLedger, at now: Timestamp,
        clock: any Clock<Duration> = ContinuousClock(), telemetry: Telemetry
    ) {
        var ledger = ledger
        ledger.forgetFuture(of: now)
        state = Mutex(State(ledger: ledger, watch: ClockWatch(at: now, clock: clock)))
        self.telemetry = telemetry
    }

    /// Takes the lock for a decision at `now`, after the clock's step if it was set.
    private func deciding<T: Sendable>(at now: Timestamp, _ body: (inout State) -> T) -> T {
        let (result, step) = state.withLock { state -> (T, Duration) in
            let step = state.watch.step(to: now)
            if step != .zero { state.ledger.clockSet(by: step) }
            return (body(&state), step)
        }
        if step != .zero { telemetry.emit(ClockSet(part: "attempts", step: step)) }
        return result
    }

    /// The frozen verdict when the request repeats the series' attempt, the
    /// outcome of the evaluation under way when there is one, else that of
    /// `evaluate`. It runs to its end even when every caller goes away: one
    /// attempt, one verdict, one event.
    func measure(
        _ series: String, stated: Int?, at now: Timestamp, head: LogPosition,
        evaluate: @escaping Evaluation
    ) async -> (outcome: MeasurementOutcome, origin: Origin) {
        switch admit(series, stated: stated, at: now, head: head, evaluate: evaluate) {
        case .frozen(let frozen): (.judged(frozen), .repeated)
        case .running(let task, let origin): (await task.value, origin)
        }
    }

    private func admit(
        _ series: String, stated: Int?, at now: Timestamp, head: LogPosition,
        evaluate: @escaping Evaluation
    ) -> Admission {
        deciding(at: now) { state in
            if let running = state.running[series] { return .running(running.task, .repeated) }
            var admission = state.ledger.begin(series, stated: stated, at: now)
            if case .inFlight(let lost) = admission {
                // Nobody evaluates it any more.
                state.ledger.abandon(lost)
                admission = state.ledger.begin(series, stated: stated, at: now)
            }
            switch admission {
            case .repeat(let frozen): return .frozen(frozen)
            case .inFlight(let ticket), .new(let ticket):
                let task = Task {
                    let outcome = await evaluate(ticket)
                    self.ended(series)
                    return outcome
                }
                state.running[series] = Running(task: task, floor: head)
                return .running(task, .evaluated)
            }
        }
    }

    private func ended(_ series: String) { state.withLock { $0.running[series] = nil } }

    /// The frozen verdict when the request repeats the series' attempt and nothing is under way.
    func repeated(_ series: String, stated: Int?, at now: Timestamp) -> FrozenVerdict? {
        deciding(at: now) { $0.ledger.repeated(series, stated: stated, at: now) }
    }

    /// The last answer of the series' run, however old: for who asks too often.
    func frozen(_ series: String, at now: Timestamp) -> FrozenVerdict? {
        deciding(at: now) { $0.ledger.frozen(series, at: now) }
    }

    // MARK: - Called by the evaluation

    func complete(_ ticket: AttemptTicket, with record: AttemptRecord) {
        state.withLock { _ = $0.ledger.complete(ticket, with: record) }
    }

    func unmeasured(_ ticket: AttemptTicket, at now: Timestamp) -> AttemptLedger.Unmeasured {
        deciding(at: now) { $0.ledger.unmeasured(ticket, at: now) }
    }

    // MARK: - Keeping

    /// The series that changed since the last call, and the place in the log up
    /// to which the ledger holds every attempt; `head` is the log's head by now.
    func takeChanged(head: LogPosition) -> (series: [String], to: LogPosition) {
        state.withLock { state in
            let floor = state.running.values.map(\.floor).min()
            return (state.ledger.takeChanged(), floor.map { min($0, head) } ?? head)
        }
    }

    /// These series as they are now: a few at a time, nobody measures meanwhile.
    func changes(of series: ArraySlice<String>) -> [AttemptLedger.Change] {
        state.withLock { state in series.map { state.ledger.change(of: $0) } }
    }

    func putBack(_ series: ArraySlice<String>) {
        state.withLock { $0.ledger.putBack(series) }
    }
}
