import Analysis
import Events
import EventLog
import State
import Telemetry

/// Stores the attempts at intervals, so that a restart reads only the end of the log.
///
/// Uses the state file's `attempt` table and the cursor `attempts`. Attempts after the last
/// checkpoint are read from the log again.
public struct AttemptCheckpoint: Sendable {
    static let cursorName = "attempts"
    /// Without a changed series, the cursor is moved when it is this many bytes behind.
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

    /// Writes checkpoints until cancelled, then a last one.
    public func run() async {
        while !Task.isCancelled {
            try? await clock.sleep(for: pause)
            await write()
        }
    }

    /// Writes one checkpoint, in slices.
    ///
    /// Ten thousand series serialized at once take 30 MB and would block all measurements.
    /// A later slice may be newer than the position in the log; reading those lines again
    /// changes nothing.
    ///
    /// The cursor moves only after every series is stored. If the state file cannot be written,
    /// the next start reads more of the log; nothing is lost.
    public func write() async {
        let (changed, position) = service.coordinator.takeChanged(head: service.eventLog.head)
        if changed.isEmpty { await follow(position) }
        var rest = changed[...]
        while !rest.isEmpty {
            let slice = rest.prefix(Self.sliceLimit)
            let isLast = slice.count == rest.count
            do {
                try await write(
                    service.coordinator.changes(of: slice), until: isLast ? position : nil)
            } catch {
                return service.coordinator.putBack(rest)
            }
            rest = rest.dropFirst(slice.count)
        }
    }

    /// Moves the cursor past lines of other nodes, so that the next start does not read them.
    private func follow(_ position: LogPosition) async {
        let eventLog = service.eventLog
        try? await store.write { db in
            let last = try CursorTable.position(db, of: Self.cursorName)
            guard eventLog.bytes(after: last ?? .start) >= Self.mostBehind else { return }
            try CursorTable.move(db, Self.cursorName, to: position)
        }
    }

    /// Most series in one transaction.
    private static let sliceLimit = 250

    private func write(
        _ changes: [AttemptLedger.Change], until position: LogPosition?
    ) async throws {
        let now = wall.now
        try await store.write { db in
            for change in changes {
                if let checkpoint = change.checkpoint {
                    try AttemptTable.put(db, series: change.series, state: checkpoint, at: now)
                } else {
                    try AttemptTable.remove(db, series: change.series)
                }
            }
            guard let position else { return }
            try CursorTable.move(db, Self.cursorName, to: position)
        }
    }

    /// Restores the ledger from the checkpoint and the log after it.
    ///
    /// Only lines with this node's seal count: a line that another sender wrote under this
    /// node's name does not.
    static func restore(
        _ empty: AttemptLedger, node: String, eventLog: EventLog, store: Store,
        telemetry: Telemetry
    ) async throws -> AttemptLedger {
        var ledger = empty
        let (rows, cursor) = try await store.read { db in
            (try AttemptTable.all(db), try CursorTable.position(db, of: cursorName))
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
        var position = cursor ?? .start
        if unreadable > 0 { position = .start }
        var hasOwn = false
        let lines = eventLog.lineGuard(of: .attempts)
        await lines.pause(ContinuousClock())
        // With this query the reader skips parts of the log without lines of this node.
        var reader = eventLog.reader(
            from: position, query: EventLogQuery(where: .equal("node", node)))
        while true {
            let batch = try await reader.next(maxLines: 5000, maxBytes: 4 << 20)
            ledger = await lines.fold(batch.lines, into: ledger) { ledger, line in
                // Lines of older versions and of other senders carry no seal.
                guard eventLog.wrote(line.bytes), let event = try? Event(line: line.bytes),
                    event.node == node
                else { return }
                ledger.restore(from: event)
            }
            hasOwn = hasOwn || !batch.lines.isEmpty
            guard batch.isCaughtUp else { continue }
            if !hasOwn {
                // No series is stored with it: move the cursor here, so that the next start
                // does not read these lines again.
                try? await store.write { db in
                    try CursorTable.move(db, cursorName, to: batch.end)
                }
            }
            return ledger
        }
    }
}
