public import Events

/// One line of the log.
public struct JournalLine: Sendable, Equatable {
    /// As the sender wrote it, newline excluded.
    public let bytes: [UInt8]
    /// The place after the line.
    public let end: LogPosition
}

/// What one read brought.
public struct JournalBatch: Sendable, Equatable {
    public var lines: [JournalLine] = []
    /// Where the next read goes on; also the cursor to store once the batch is dealt with.
    public var end: LogPosition
    /// Lines between the end of the batch before and the end of this one that were
    /// there once and can't be read any more: removed for the quota or their age,
    /// or damaged. Of a segment that was read in part before it was removed, an
    /// estimate by its bytes. See `Journal.appendGap`.
    public var skipped = 0
    /// Those of `skipped` that are damaged or in files that are missing, though nobody
    /// removed them. Where only their bytes are known, an estimate of at least one.
    public var damaged = 0
    /// Whether every acknowledged line before the read was seen.
    public var isCaughtUp = false
}

/// Reads acknowledged lines in order, each once, following rotation and sealing.
///
/// A value: keeps its place, holds no file open and no more than one member in
/// memory between reads; a read inflates as many side by side as `Archive.widest`. Use one reader from one task at a time.
public struct JournalReader: Sendable {
    private var source: LineSource
    private let query: JournalQuery

    init(
        _ view: any LogView, from position: LogPosition, query: JournalQuery,
        isNarrow: Bool = false
    ) {
        source = LineSource(view, from: position, widest: isNarrow ? 2 : Archive.widest)
        self.query = query
    }

    /// The place after what was read.
    public var position: LogPosition { source.position }

    /// The next lines, none when there are no more yet: at most `maxLines`, ending
    /// with the line that reaches `maxBytes`. Never waits for
    /// lines to come; blocking reads happen away from the cooperative pool.
    ///
    /// With a query, a read that finds few matches ends after 64 MiB looked at,
    /// so that a caller can report progress or be cancelled; `isCaughtUp` tells
    /// the end.
    public mutating func next(
        maxLines: Int = 1000, maxBytes: Int = 1 << 20
    ) async throws(JournalError) -> JournalBatch {
        let query = self.query
        let start = source
        let (source, batch) = try await BlockingWork.run { () throws(JournalError) in
            var source = start
            let batch = try source.batch(query, maxLines: maxLines, maxBytes: maxBytes)
            return (source, batch)
        }
        self.source = source
        return batch
    }

    /// The next lines as `next` has them, but shown where they lie instead of copied: `body`
    /// runs once, on a thread where reading may block, and may go through them once.
    public mutating func pass<Result: Sendable>(
        maxLines: Int = 1000, maxBytes: Int = 1 << 20,
        _ body: @escaping @Sendable (inout JournalPass) throws(JournalError) -> Result
    ) async throws(JournalError) -> Result {
        let query = self.query
        let start = source
        let (source, result) = try await BlockingWork.run { () throws(JournalError) in
            var pass = JournalPass(
                source: start, query: query, maxLines: maxLines, maxBytes: maxBytes)
            let result = try body(&pass)
            return (pass.source, result)
        }
        self.source = source
        return result
    }
}

/// One read of a `JournalReader`, under way.
public struct JournalPass {
    fileprivate(set) var source: LineSource
    fileprivate let query: JournalQuery
    fileprivate let maxLines: Int
    fileprivate let maxBytes: Int

    /// Shows each line that `lines` does not skip and the place after it; the bytes are there
    /// only during the call. Returns the batch without its lines.
    public mutating func forEach(
        guardedBy lines: LineGuard,
        _ visit: (_ line: UnsafeRawBufferPointer, _ end: LogPosition) -> Void
    ) throws(JournalError) -> JournalBatch {
        try lines.reading { reading throws(JournalError) in
            try source.visit(query, maxLines: maxLines, maxBytes: maxBytes) { line, end in
                if reading.admits(line, endingAt: end) { visit(line, end) }
            }
        }
    }
}

extension LineSource {
    private static let lookedAtMost = 64 << 20

    mutating func batch(
        _ query: JournalQuery, maxLines: Int, maxBytes: Int
    ) throws(JournalError) -> JournalBatch {
        var lines: [JournalLine] = []
        var batch = try visit(query, maxLines: maxLines, maxBytes: maxBytes) { line, end in
            lines.append(JournalLine(bytes: Array(line), end: end))
        }
        batch.lines = lines
        return batch
    }

    /// The same without copies of the lines.
    mutating func visit(
        _ query: JournalQuery, maxLines: Int, maxBytes: Int,
        _ visit: (UnsafeRawBufferPointer, LogPosition) -> Void
    ) throws(JournalError) -> JournalBatch {
        var lines = 0
        var bytes = 0
        let before = (skipped: skipped, damaged: damaged)
        guard maxLines > 0 else { return JournalBatch(end: position) }
        let caughtUp = try read(query, budget: Self.lookedAtMost) { line, end in
            visit(line, end)
            lines += 1
            bytes += line.count + 1
            return lines >= maxLines || bytes >= maxBytes ? .enough : .more
        }
        return JournalBatch(
            end: position, skipped: skipped - before.skipped, damaged: damaged - before.damaged,
            isCaughtUp: caughtUp)
    }
}
