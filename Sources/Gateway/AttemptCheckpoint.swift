import Analysis
import Events
import GRDB
import Journal
import Store
import Telemetry

/// Writes the attempts down from time to time, so that a restart reads little
/// of the log: the state file's `attempt` table and the cursor `attempts`.
///
/// The log is the truth: what was measured after the last checkpoint is read
/// from it again.
public struct AttemptCheckpoint: Sendable {
    static let cursorName = "attempts"
    /// Without a change the cursor is moved once so many bytes of lines came.
    private static let mostBehind = 4 << 20

    private let service: MeasurementService
    private let store: Store
    private let wall: WallClock
    private let clock: any Clock<Duration>
    private let pause: Duration

    public init(
        _ service: MeasurementService, store: Store, wall: WallClock = .system,
        clock: any Clock<Duration> = ContinuousClock(), every pause: Duration = .seconds(10)
    ) {
        self.service = service
        self.store = store
        self.wall = wall
        self.clock = clock
        self.pause = pause
    }

    /// Checkpoints until cancelled, then a last time.
    public func run() async {
        while !Task.isCancelled {
            try? await clock.sleep(for: pause)
            await write()
        }
    }

    /// One checkpoint, in slices: ten thousand series written down at once are
    /// thirty megabytes, and nobody could measure meanwhile. What a later slice
    /// holds may be newer than the place in the log, which is no harm.
    ///
    /// A state file that can't be written costs only reading time at the next
    /// start: the place in the log moves when every series is written down.
    public func write() async {
        let (changed, position) = service.desk.takeChanged(head: service.journal.head)
        if changed.isEmpty { await follow(position) }
        var rest = changed[...]
        while !rest.isEmpty {
            let slice = rest.prefix(Self.sliceLimit)
            let isLast = slice.count == rest.count
            do {
                try await write(
                    service.desk.changes(of: slice), until: isLast ? position : nil)
            } catch {
                return service.desk.putBack(rest)
            }
            rest = rest.dropFirst(slice.count)
        }
    }

    /// Others' lines may have come in plenty: the next start need not read them.
    private func follow(_ position: LogPosition) async {
        let journal = service.journal
        try? await store.write { db in
            let cursor = try CursorRow.read(db, name: Self.cursorName)
            let last = cursor.map { LogPosition(segment: $0.segment, offset: $0.offset) }
            guard journal.bytes(after: last ?? .start) >= Self.mostBehind else { return }
            try CursorRow(segment: position.segment, offset: position.offset)
                .write(db, name: Self.cursorName)
        }
    }

    /// Series in one transaction.
    private static let sliceLimit = 250

    private func write(
        _ changes: [AttemptLedger.Change], until position: LogPosition?
    ) async throws {
        let now = wall.now
        try await store.write { db in
            for change in changes {
                if let checkpoint = change.checkpoint {
                    try db.execute(
                        sql: """
                            INSERT INTO attempt (series, state, updated_ms) VALUES (?, ?, ?)
                            ON CONFLICT (series) DO UPDATE
                            SET state = excluded.state, updated_ms = excluded.updated_ms
                            """,
                        arguments: [change.series, checkpoint, now.milliseconds])
                } else {
                    try db.execute(
                        sql: "DELETE FROM attempt WHERE series = ?", arguments: [change.series])
                }
            }
            guard let position else { return }
            try CursorRow(segment: position.segment, offset: position.offset)
                .write(db, name: Self.cursorName)
        }
    }

    /// The ledger as the checkpoint and the log behind it say: of the log, only lines that this
    /// node itself appended count, by their seal. A line that another sent under its name does not.
    static func restore(
        _ empty: AttemptLedger, node: String, journal: Journal, store: Store,
        telemetry: Telemetry
    ) async throws -> AttemptLedger {
        var ledger = empty
        let (rows, cursor) = try await store.read { db in
            (
                try Row.fetchAll(db, sql: "SELECT series, state FROM attempt ORDER BY updated_ms")
                    .map { (series: $0["series"] as String, state: $0["state"] as String) },
                try CursorRow.read(db, name: cursorName)
            )
        }
        var unreadable = 0
        var fault = ""
        for row in rows {
            do { try ledger.restore(series: row.series, checkpoint: row.state) } catch {
                unreadable += 1
                fault = "\(error)"
            }
        }
        if unreadable > 0 {
            telemetry.emit(CheckpointsUnreadable(count: unreadable, fault: fault))
        }
        var position =
            cursor.map { LogPosition(segment: $0.segment, offset: $0.offset) } ?? .start
        if unreadable > 0 { position = .start }
        var hasOwn = false
        let lines = journal.lineGuard(of: .attempts)
        await lines.pause(ContinuousClock())
        // The index tells which parts hold lines of this node.
        var reader = journal.reader(
            from: position, query: JournalQuery(where: .equal("node", node)))
        while true {
            let batch = try await reader.next(maxLines: 5000, maxBytes: 4 << 20)
            ledger = await lines.fold(batch.lines, into: ledger) { ledger, line in
                // What an older version, or anybody else, wrote under this name is not sealed.
                guard journal.wrote(line.bytes), let event = try? Event(line: line.bytes),
                    event.node == node
                else { return }
                ledger.restore(from: event)
            }
            hasOwn = hasOwn || !batch.lines.isEmpty
            guard batch.isCaughtUp else { continue }
            if !hasOwn {
                // Nothing of ours to write down with it: the next start need not look again.
                try? await store.write { db in
                    try CursorRow(segment: batch.end.segment, offset: batch.end.offset)
                        .write(db, name: cursorName)
                }
            }
            return ledger
        }
    }
}
