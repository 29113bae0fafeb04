import EventLog
import Events
import State
import Telemetry

/// The forwarder's rows in the state file.
extension Forwarder {
    /// Reads the durable cursor, and repeats that until it succeeds; nil once cancelled.
    func storedCursor() async -> LogPosition? {
        while !Task.isCancelled {
            do {
                return try await store.read { db in
                    try CursorTable.position(db, of: Self.cursorName)
                } ?? .start
            } catch {
                if Task.isCancelled { return nil }
                await failed("the state file cannot be read: \(error)")
            }
        }
        return nil
    }

    /// Stores the durable cursor.
    ///
    /// A state file that cannot be written, as on a full disk, does not stop the forwarding: the
    /// next batch stores a later position, and a start before that sends more lines again.
    func keep(_ position: LogPosition) async {
        do {
            try await store.write { db in
                try CursorTable.move(db, Self.cursorName, to: position)
            }
        } catch {
            if !Task.isCancelled { telemetry.emit(ForwardCursorNotStored(fault: "\(error)")) }
        }
    }

    /// Reports lines that were removed before they were forwarded and safe, each line once.
    ///
    /// A batch that was not acknowledged, and lines that are sent again, are read with the same gap.
    func report(gapAfter position: LogPosition, lines: Int) async throws {
        let new = try await store.read { db in
            try GapTable.unreported(
                db, cursor: Self.cursorName, after: position, lines: lines)
        }
        guard new > 0 else { return }
        telemetry.emit(ForwardGap(lost: new))
        // The appended line is forwarded, too.
        try await eventLog.appendGap(
            lines: new, cursor: Self.cursorName, at: WallClock.system.now)
        try await store.write { db in
            try GapTable.markReported(
                db, cursor: Self.cursorName, after: position, lines: lines)
        }
    }
}
