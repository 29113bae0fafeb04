import Core
import Events

extension EventLog {
    /// The position after the last acknowledged line.
    public var head: LogPosition { state.head }

    /// Returns once the log holds an acknowledged line after `position`, the log is closed, or
    /// the task is cancelled.
    public func waitForLines(after position: LogPosition) async {
        await state.wait(after: position)
    }

    /// A reader of the lines after `position` that match `query`.
    ///
    /// - Parameter isNarrow: For a stream to a client: decompresses at most two members at a time, to
    ///   use less memory, with low priority.
    public func reader(
        from position: LogPosition, query: EventLogQuery = .all, isNarrow: Bool = false
    ) -> EventLogReader {
        EventLogReader(
            view, from: position, query: query, isNarrow: isNarrow,
            on: isNarrow ? .queries : .log)
    }

    /// The guard that keeps one bad line from ending the process on every start. Returns the same
    /// one for a reader each time.
    public func lineGuard(of reader: LineReader) -> LineGuard { quarantine.lineGuard(of: reader) }

    /// The last `count` lines that match `query`; continue from the batch's `end`.
    ///
    /// If they exceed `maxBytes`, returns the first of them with `isCaughtUp` false.
    public func last(
        _ count: Int, query: EventLogQuery = .all, maxBytes: Int = .max
    ) async throws(EventLogError) -> EventLogBatch {
        let view = self.view
        return try await BlockingExecutor.log.run { () throws(EventLogError) in
            try LineSource.last(count, of: query, in: view, maxBytes: maxBytes)
        }
    }

    /// Counts the lines that match `query` by the text of `field` (a dotted path).
    public func count(
        by field: String, query: EventLogQuery = .all
    ) async throws(EventLogError) -> EventLogCounts {
        let view = self.view
        return try await BlockingExecutor.log.run { () throws(EventLogError) in
            var count = LogCount(view, by: field, query)
            return try count.run()
        }
    }

    public var status: EventLogStatus {
        let counts = state.counts
        let archives = ledger.archives
        return EventLogStatus(
            head: state.head, shedding: state.shedding, keeps: state.keeps,
            durability: configuration.durability,
            usedBytes: ledger.used, maxBytes: configuration.maxBytes, archives: archives.count,
            unsealed: ledger.unsealed,
            oldestSegment: ledger.oldest ?? state.head.segment,
            appended: counts.appended, duplicates: counts.duplicates, rejected: counts.rejected,
            shed: counts.shed, deferred: counts.deferred, isOpen: state.isOpen)
    }
}
