import Analysis
import Events
import Probes
import Server
import Synchronization
import Telemetry

/// Decides whether a request repeats an attempt, and joins concurrent requests of a series
/// to one evaluation.
///
/// Thread-safe. Each decision is one short critical section that does not suspend, so a repeat
/// is answered without waiting.
final class AttemptCoordinator: Sendable {
    /// How an answer was produced.
    enum Origin: Sendable {
        case evaluated
        /// The frozen bytes, or the result of another caller's evaluation.
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
        /// The log's head when the evaluation began; its event is appended after it.
        let floor: LogPosition
    }

    private enum Admission {
        case frozen(FrozenVerdict)
        case running(Task<MeasurementOutcome, Never>, Origin)
    }

    private let state: Mutex<State>
    private let telemetry: Telemetry

    /// - Parameters:
    ///   - now: The wall clock's time. Later times in the ledger are treated as `now`.
    ///   - clock: Measures elapsed time, to detect that the wall clock was set.
    init(
        ledger: AttemptLedger, at now: Timestamp,
        clock: any Clock<Duration> = ContinuousClock(), telemetry: Telemetry
    ) {
        var ledger = ledger
        ledger.forgetFuture(of: now)
        state = Mutex(State(ledger: ledger, watch: ClockWatch(at: now, clock: clock)))
        self.telemetry = telemetry
    }

    /// Runs `body` under the lock, after moving the ledger's times if the clock was set.
    private func deciding<T: Sendable>(at now: Timestamp, _ body: (inout State) -> T) -> T {
        let (result, step) = state.withLock { state -> (T, Duration) in
            let step = state.watch.step(to: now)
            if step != .zero { state.ledger.clockSet(by: step) }
            return (body(&state), step)
        }
        if step != .zero { telemetry.emit(ClockSet(part: "attempts", step: step)) }
        return result
    }

    /// Returns the frozen verdict of a repeat, or the outcome of the series' evaluation.
    ///
    /// Joins an evaluation under way; else starts `evaluate`. An evaluation runs to its end even
    /// if every caller disconnects: an attempt has one verdict and one event.
    func measure(
        _ series: String, of subject: RunSubject, stated: Int?, at now: Timestamp,
        head: LogPosition, evaluate: @escaping Evaluation
    ) async -> (outcome: MeasurementOutcome, origin: Origin) {
        switch admit(series, of: subject, stated: stated, at: now, head: head, evaluate: evaluate) {
        case .frozen(let frozen): (.judged(frozen), .repeated)
        case .running(let task, let origin): (await task.value, origin)
        }
    }

    private func admit(
        _ series: String, of subject: RunSubject, stated: Int?, at now: Timestamp,
        head: LogPosition, evaluate: @escaping Evaluation
    ) -> Admission {
        deciding(at: now) { state in
            if let running = state.running[series] { return .running(running.task, .repeated) }
            var admission = state.ledger.begin(series, of: subject, stated: stated, at: now)
            if case .inFlight(let lost) = admission {
                // Its evaluation has ended without completing the attempt.
                state.ledger.abandon(lost)
                admission = state.ledger.begin(series, of: subject, stated: stated, at: now)
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

    /// Returns the frozen verdict if the request repeats an attempt.
    ///
    /// Returns nil for any other request, and while an evaluation of the series is under way.
    func repeated(_ series: String, stated: Int?, at now: Timestamp) -> FrozenVerdict? {
        deciding(at: now) { $0.ledger.repeated(series, stated: stated, at: now) }
    }

    /// Returns the last verdict of the series' run, whatever its age, for a caller over its
    /// rate limit; nil when there is none.
    func frozen(_ series: String, at now: Timestamp) -> FrozenVerdict? {
        deciding(at: now) { $0.ledger.frozen(series, at: now) }
    }

    /// Returns the hash of the policy that judges the series' run; nil when there is no run.
    func policy(ofRun series: String, at now: Timestamp) -> String? {
        deciding(at: now) { $0.ledger.policy(ofRun: series, at: now) }
    }

    /// Ends the runs of a rollout; returns their number.
    func end(_ end: RunEnd, at now: Timestamp) -> Int {
        deciding(at: now) { $0.ledger.end(end) }
    }

    // MARK: - Called by the evaluation

    func complete(_ ticket: AttemptTicket, with record: AttemptRecord) {
        state.withLock { _ = $0.ledger.complete(ticket, with: record) }
    }

    func unmeasured(_ ticket: AttemptTicket, at now: Timestamp) -> AttemptLedger.Unmeasured {
        deciding(at: now) { $0.ledger.unmeasured(ticket, at: now) }
    }

    // MARK: - Checkpoints

    /// Returns the series that changed since the last call, and the position in the log up to
    /// which the ledger holds every attempt.
    ///
    /// - Parameter head: The log's head at the time of the call.
    func takeChanged(head: LogPosition) -> (series: [String], to: LogPosition) {
        state.withLock { state in
            let floor = state.running.values.map(\.floor).min()
            return (state.ledger.takeChanged(), floor.map { min($0, head) } ?? head)
        }
    }

    /// Returns the current state of these series. Pass few: measurements wait meanwhile.
    func changes(of series: ArraySlice<String>) -> [AttemptLedger.Change] {
        state.withLock { state in series.map { state.ledger.change(of: $0) } }
    }

    func putBack(_ series: ArraySlice<String>) {
        state.withLock { $0.ledger.putBack(series) }
    }
}

/// The outcome of a measurement.
enum MeasurementOutcome: Sendable {
    /// To be answered with 200 and these bytes.
    case judged(
        FrozenVerdict, timings: [ProbeResult] = [], waits: MeasurementWaits = MeasurementWaits())
    /// Nothing could be measured: to be refused with 503, the `ordinal`th in a row.
    case unmeasured(ordinal: Int, why: String, waits: MeasurementWaits)

    var waits: MeasurementWaits {
        switch self {
        case .judged(_, _, let waits), .unmeasured(_, _, let waits): waits
        }
    }
}
