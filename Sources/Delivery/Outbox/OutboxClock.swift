import Events
import GRDB
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
    func now(_ db: Database) throws -> Timestamp {
        try state.withLock { state in
            let now = wall.now
            let step = state.watch.step(to: now)
            state.owed += step
            if let newest = state.newest, state.owed != .zero {
                try Outbox.clockSet(db, by: state.owed, upTo: newest)
                telemetry.emit(ClockSet(part: "deliveries", step: state.owed))
            }
            if state.newest == nil || state.owed != .zero {
                try Outbox.forgetFuture(db, of: now, longestWait: longestWait)
            }
            state.owed = .zero
            state.newest = try Int64.fetchOne(db, sql: "SELECT MAX(id) FROM outbox") ?? 0
            return now
        }
    }
}

extension Outbox {
    /// Shifts the times of waiting deliveries up to id `newest` by a step of the clock.
    static func clockSet(_ db: Database, by step: Duration, upTo newest: Int64) throws {
        let step = step.wholeMilliseconds
        try db.execute(
            sql: """
                UPDATE outbox
                SET due_ms = due_ms + ?, created_ms = created_ms + ?, since_ms = since_ms + ?
                WHERE state = 'waiting' AND id <= ?
                """, arguments: [step, step, step, newest])
    }

    /// Corrects times of waiting deliveries that were written while the clock was ahead.
    ///
    /// A delivery due more than `longestWait` after `now` becomes due now if it was never tried,
    /// otherwise after `longestWait`.
    static func forgetFuture(
        _ db: Database, of now: Timestamp, longestWait: Duration
    ) throws {
        let now = now.milliseconds
        let latest = now &+ longestWait.wholeMilliseconds
        try db.execute(
            sql: """
                UPDATE outbox SET due_ms = CASE WHEN tries = 0 THEN ? ELSE ? END
                WHERE state = 'waiting' AND due_ms > ?
                """, arguments: [now, latest, latest])
        try db.execute(
            sql: """
                UPDATE outbox SET created_ms = MIN(created_ms, ?), since_ms = MIN(since_ms, ?)
                WHERE state = 'waiting' AND (created_ms > ? OR since_ms > ?)
                """, arguments: [now, now, now, now])
    }
}
