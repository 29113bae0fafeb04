import Events
import GRDB
import Synchronization
import Telemetry

/// The time of day by which deliveries are due.
///
/// Whoever reads or writes moments of the outbox asks for it within the same transaction.
/// When the wall clock was set, what waits moves with it there: a retry comes as late as it
/// would have, and no delivery ages by a jump. Thread-safe.
final class OutboxClock: Sendable {
    private struct State {
        var watch: ClockWatch
        /// The newest delivery at the last look: what came since has the new time already.
        var newest: Int64?
        /// Steps that no transaction has moved the deliveries by.
        var owed = Duration.zero
    }

    private let wall: WallClock
    private let longestWait: Duration
    private let telemetry: Telemetry
    private let state: Mutex<State>

    /// - Parameter longestWait: No delivery is due later than this from now: a moment that
    ///   is was written by a clock that was ahead.
    init(
        wall: WallClock, clock: any Clock<Duration>, longestWait: Duration, telemetry: Telemetry
    ) {
        self.wall = wall
        self.longestWait = longestWait
        self.telemetry = telemetry
        state = Mutex(State(watch: ClockWatch(at: wall.now, clock: clock)))
    }

    /// The time, after what waits was moved by the clock's step, if it was set since the last
    /// call or, at the first one, since the last run.
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
    /// Moves what waits, up to delivery `newest`, by a step of the clock.
    static func clockSet(_ db: Database, by step: Duration, upTo newest: Int64) throws {
        let step = step.wholeMilliseconds
        try db.execute(
            sql: """
                UPDATE outbox
                SET due_ms = due_ms + ?, created_ms = created_ms + ?, since_ms = since_ms + ?
                WHERE state = 'waiting' AND id <= ?
                """, arguments: [step, step, step, newest])
    }

    /// Brings moments of waiting deliveries that a clock ahead of `now` wrote within reach:
    /// a first try is due now, another one after the longest wait at most.
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
