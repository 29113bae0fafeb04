public import Events

/// The log of a data folder, read without its lock: for the command line and any
/// process beside the one that writes.
///
/// Sees what was acknowledged, no more, and follows rotation, sealing and removal.
public struct JournalFiles: Sendable {
    let view: ForeignView

    /// `directory` is the data folder, the one that holds `log/`.
    public init(directory: String) {
        self.init(directory: directory, files: PosixFileSystem())
    }

    init(directory: String, files: any LogFileSystem) {
        view = ForeignView(directory: directory, files: files)
    }

    /// A reader of the lines after `position` that `query` wants.
    public func reader(from position: LogPosition = .start, query: JournalQuery = .all)
        -> JournalReader
    {
        JournalReader(view, from: position, query: query)
    }

    /// The last `count` lines that `query` wants; `end` is where to follow from. Where they
    /// are longer than `maxBytes`, the first of them, and `isCaughtUp` is false.
    public func last(
        _ count: Int, query: JournalQuery = .all, maxBytes: Int = .max
    ) async throws(JournalError) -> JournalBatch {
        let view = self.view
        return try await BlockingWork.run { () throws(JournalError) in
            try LineSource.last(count, of: query, in: view, maxBytes: maxBytes)
        }
    }

    /// Counts the lines that `query` wants by the text of `field` (a dotted path).
    /// `progress` is called on another thread with the part that is done, 0 to 1.
    public func count(
        by field: String, query: JournalQuery = .all,
        progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) async throws(JournalError) -> JournalCounts {
        let view = self.view
        return try await BlockingWork.run { () throws(JournalError) in
            var count = LogCount(view, by: field, query)
            return try count.run(progress: progress)
        }
    }

    /// The place after the last acknowledged line.
    public func head() async throws(JournalError) -> LogPosition {
        let view = self.view
        return try await BlockingWork.run { () throws(JournalError) in
            do throws(SystemFault) { return try view.horizon() } catch { throw error.journalError }
        }
    }
}
