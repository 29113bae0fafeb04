import EventLog
import Events
import GRDB
import Store

/// The forwarder's rows in the state file.
extension Forwarder {
    /// Reads the durable cursor, and repeats that until it succeeds; nil once cancelled.
    func storedCursor() async -> LogPosition? {
        while !Task.isCancelled {
            do {
                let row = try await store.read { db in
                    try CursorRow.read(db, name: Self.cursorName)
                }
                return row.map { LogPosition(segment: $0.segment, offset: $0.offset) } ?? .start
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
                try CursorRow(segment: position.segment, offset: position.offset)
                    .write(db, name: Self.cursorName)
            }
        } catch {
            if !Task.isCancelled { telemetry.emit(ForwardCursorNotStored(fault: "\(error)")) }
        }
    }

    /// Reports lines that were removed before they were forwarded and safe, each line once.
    ///
    /// A batch that was not acknowledged, and lines that are sent again, are read with the same gap.
    func report(gapAfter position: LogPosition, lines: Int) async throws {
        let place = CursorRow(segment: position.segment, offset: position.offset)
        let new = try await store.read { db in
            try GapRow.unreported(db, cursor: Self.cursorName, at: place, lines: lines)
        }
        guard new > 0 else { return }
        telemetry.emit(ForwardGap(lost: new))
        // The appended line is forwarded, too.
        try await eventLog.appendGap(
            lines: new, cursor: Self.cursorName, at: WallClock.system.now)
        try await store.write { db in
            try GapRow(at: place, lines: lines).write(db, cursor: Self.cursorName)
        }
    }
}
