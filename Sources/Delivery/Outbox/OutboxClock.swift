import Events
import State
import Synchronization
import Telemetry

/// The clock that determines when deliveries are due.
///
/// Code that reads or writes times of the outbox requests the time in the same transaction. If the
/// wall clock was set, waiting deliveries are shifted by the same step, so delays and ages do not
/// change. Thread-safe.
final class OutboxClock: Sendable {
    private struct State {
        var watch: ClockWatch
        /// The newest delivery at the last call; newer ones already have times of the changed
        /// clock.
        var newest: Int64?
        /// Steps of the clock that are not yet applied to the deliveries.
        var owed = Duration.zero
    }

    private let wall: WallClock
    private let longestWait: Duration
    private let telemetry: Telemetry
    private let state: Mutex<State>

    /// - Parameter longestWait: The longest regular delay. A later due time was written while the
    ///   clock was ahead.
    init(
        wall: WallClock, clock: any Clock<Duration>, longestWait: Duration, telemetry: Telemetry
    ) {
        self.wall = wall
        self.longestWait = longestWait
        self.telemetry = telemetry
        state = Mutex(State(watch: ClockWatch(at: wall.now, clock: clock)))
    }

    /// Returns the current time, after shifting waiting deliveries if the clock was set.
    ///
    /// Detects steps since the previous call. The first call corrects times that an earlier run
    /// wrote while its clock was ahead.
    func now(_ db: Store.Transaction) throws -> Timestamp {
        try state.withLock { state in
            let now = wall.now
            let step = state.watch.step(to: now)
            state.owed += step
            if let newest = state.newest, state.owed != .zero {
                try Outbox.shiftWaiting(db, by: state.owed, upTo: newest)
                telemetry.emit(ClockSet(part: "deliveries", step: state.owed))
            }
            if state.newest == nil || state.owed != .zero {
                try Outbox.bringForward(db, of: now, longestWait: longestWait)
            }
            state.owed = .zero
            state.newest = try Outbox.newest(db)
            return now
        }
    }
}
