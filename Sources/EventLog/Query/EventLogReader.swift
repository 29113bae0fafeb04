import Core
public import Events

/// One line of the log.
public struct EventLogLine: Sendable, Equatable {
    /// As the sender wrote it, without its newline.
    public let bytes: [UInt8]
    /// The position after the line.
    public let end: LogPosition
}

/// The result of one read.
public struct EventLogBatch: Sendable, Equatable {
    public var lines: [EventLogLine] = []
    /// Where the next read continues; store it as the cursor once the batch is processed.
    public var end: LogPosition
    /// Lines between the end of the previous batch and the end of this one that can no longer be
    /// read: removed for the quota or their age, damaged, or missing. Estimated by bytes for a
    /// segment that was read in part before it was removed. See `EventLog.appendGap`.
    public var skipped = 0
    /// The part of `skipped` that is damaged or in missing files that the log did not remove. If
    /// only their bytes are known, an estimate of at least one.
    public var damaged = 0
    /// Whether the batch reaches the last line that was acknowledged when the read started.
    public var isCaughtUp = false
}

/// Reads acknowledged lines in order, each once, and follows rotation and sealing.
///
/// A value type that stores its position. Between reads it holds no open file; it keeps in memory
/// the last member read and the members read ahead, as far as they contain matches. A read
/// decompresses up to `Archive.widest` members in parallel. Use one reader from one task at a
/// time.
public struct EventLogReader: Sendable {
    private var source: LineSource
    private let query: EventLogQuery
    private let executor: BlockingExecutor

    init(
        _ view: any LogView, from position: LogPosition, query: EventLogQuery,
        isNarrow: Bool = false, on executor: BlockingExecutor = .log
    ) {
        source = LineSource(view, from: position, widest: isNarrow ? 2 : Archive.widest)
        self.query = query
        self.executor = executor
    }

    /// The position after the lines read so far.
    public var position: LogPosition { source.position }

    /// Returns the next lines, or none if there are no more yet.
    ///
    /// Returns at most `maxLines`, ending with the line that reaches `maxBytes`. Never waits for
    /// new lines; blocking reads run outside the cooperative pool.
    ///
    /// A read ends after about 64 MiB of lines were examined, so that a caller with few matches
    /// can report progress or be cancelled. `isCaughtUp` is true at the end of the log.
    public mutating func next(
        maxLines: Int = 1000, maxBytes: Int = 1 << 20
    ) async throws(EventLogError) -> EventLogBatch {
        let query = self.query
        let start = source
        let (source, batch) = try await executor.run { () throws(EventLogError) in
            var source = start
            let batch = try source.batch(query, maxLines: maxLines, maxBytes: maxBytes)
            return (source, batch)
        }
        self.source = source
        return batch
    }

    /// As `next`, but without copying the lines.
    ///
    /// `body` runs once, on a thread that may block, and may iterate over the lines once.
    public mutating func pass<Result: Sendable>(
        maxLines: Int = 1000, maxBytes: Int = 1 << 20,
        _ body: @escaping @Sendable (inout EventLogPass) throws(EventLogError) -> Result
    ) async throws(EventLogError) -> Result {
        let query = self.query
        let start = source
        let (source, result) = try await executor.run { () throws(EventLogError) in
            var pass = EventLogPass(
                source: start, query: query, maxLines: maxLines, maxBytes: maxBytes)
            let result = try body(&pass)
            return (pass.source, result)
        }
        self.source = source
        return result
    }
}

/// One read of a `EventLogReader` in progress.
public struct EventLogPass {
    fileprivate(set) var source: LineSource
    fileprivate let query: EventLogQuery
    fileprivate let maxLines: Int
    fileprivate let maxBytes: Int

    /// Calls `visit` for each line that `lines` does not skip, with the position after it.
    ///
    /// The bytes are valid only during the call. Returns the batch without its lines.
    public mutating func forEach(
        guardedBy lines: LineGuard,
        _ visit: (_ line: UnsafeRawBufferPointer, _ end: LogPosition) -> Void
    ) throws(EventLogError) -> EventLogBatch {
        try lines.reading { reading throws(EventLogError) in
            try source.visit(query, maxLines: maxLines, maxBytes: maxBytes) { line, end in
                if reading.admits(line, endingAt: end) { visit(line, end) }
            }
        }
    }
}

extension LineSource {
    private static let lookedAtMost = 64 << 20

    mutating func batch(
        _ query: EventLogQuery, maxLines: Int, maxBytes: Int
    ) throws(EventLogError) -> EventLogBatch {
        var lines: [EventLogLine] = []
        var batch = try visit(query, maxLines: maxLines, maxBytes: maxBytes) { line, end in
            lines.append(EventLogLine(bytes: Array(line), end: end))
        }
        batch.lines = lines
        return batch
    }

    /// As `batch`, but without copying the lines.
    mutating func visit(
        _ query: EventLogQuery, maxLines: Int, maxBytes: Int,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Void
    ) throws(EventLogError) -> EventLogBatch {
        var lines = 0
        var bytes = 0
        let before = (skipped: skipped, damaged: damaged)
        guard maxLines > 0 else { return EventLogBatch(end: position) }
        let caughtUp = try read(query, budget: Self.lookedAtMost) { line, end in
            visit(line, end)
            lines += 1
            bytes += line.count + 1
            return lines >= maxLines || bytes >= maxBytes ? .enough : .more
        }
        return EventLogBatch(
            end: position, skipped: skipped - before.skipped, damaged: damaged - before.damaged,
            isCaughtUp: caughtUp)
    }
}

extension BlockingExecutor {
    /// Opens, reads and checks event logs. Appends run on the writer's own thread.
    static let log = BlockingExecutor("log", width: 32)
    /// Reads for clients of a node: measurements must not wait for it, however much they ask for.
    static let queries = BlockingExecutor("log-queries", width: 32, priority: .low)
}
