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
        try await EventLogFiles(view: view, directory: nil, stored: nil)
            .last(count, query: query, maxBytes: maxBytes)
    }

    public var status: EventLogStatus {
        let counts = state.counts
        let archives = usage.archives
        return EventLogStatus(
            head: state.head, shedding: state.shedding, keeps: state.keeps,
            durability: configuration.durability,
            usedBytes: usage.used, maxBytes: configuration.maxBytes, archives: archives.count,
            unsealed: usage.unsealed,
            oldestSegment: usage.oldest ?? state.head.segment,
            appended: counts.appended, duplicates: counts.duplicates, rejected: counts.rejected,
            shed: counts.shed, deferred: counts.deferred, isOpen: state.isOpen)
    }
}
