import Core
public import Events

/// The log of a data folder, read without its lock.
///
/// For the command line and other processes than the one that writes. Sees acknowledged lines
/// only, and follows rotation, sealing and removal.
public struct EventLogFiles: Sendable {
    let view: any LogView
    /// The data folder; nil if this is not the log of one folder alone.
    let directory: String?
    /// The files of a store; nil without one.
    let stored: StoredFiles?
    var executor = BlockingExecutor.log

    /// - Parameter directory: The data folder, which contains `log/`.
    public init(directory: String) {
        self.init(directory: directory, files: PosixFileSystem())
    }

    init(directory: String, files: any LogFileSystem) {
        self.init(
            view: ForeignView(directory: directory, files: files), directory: directory,
            stored: nil)
    }

    init(view: any LogView, directory: String?, stored: StoredFiles?) {
        self.view = view
        self.directory = directory
        self.stored = stored
    }

    /// A reader of the lines after `position` that match `query`.
    public func reader(from position: LogPosition = .start, query: EventLogQuery = .all)
        -> EventLogReader
    {
        EventLogReader(view, from: position, query: query, on: executor)
    }

    /// Tells of a line whether `reader` of the node skips it because reading it ended the process.
    public func skips(of reader: LineReader) -> @Sendable (EventLogLine) -> Bool {
        let skipped = directory.map { Quarantine.skipped(below: $0, by: reader) } ?? [:]
        return { line in
            guard let checksum = skipped[line.end] else { return false }
            return line.bytes.withUnsafeBytes { Checksum.crc32($0) } == checksum
        }
    }

    /// The last `count` lines that match `query`; continue from the batch's `end`.
    ///
    /// If they exceed `maxBytes`, returns the first of them with `isCaughtUp` false.
    public func last(
        _ count: Int, query: EventLogQuery = .all, maxBytes: Int = .max
    ) async throws(EventLogError) -> EventLogBatch {
        let view = self.view
        return try await executor.run { () throws(EventLogError) in
            try LineSource.last(count, of: query, in: view, maxBytes: maxBytes)
        }
    }

    /// Counts the lines that match `query` by the text of `field` (a dotted path).
    ///
    /// - Parameters:
    ///   - mostBytes: The memory for the values, about; throws `.tooManyValues` if they take more.
    ///   - progress: Called on another thread with the completed part, 0 to 1.
    public func count(
        by field: String, query: EventLogQuery = .all, mostBytes: Int = .max,
        progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) async throws(EventLogError) -> EventLogCounts {
        let view = self.view
        return try await executor.run { () throws(EventLogError) in
            var count = LogCount(view, by: field, query, mostBytes: mostBytes)
            return try count.run(progress: progress)
        }
    }

    /// The position after the last acknowledged line.
    public func head() async throws(EventLogError) -> LogPosition {
        let view = self.view
        return try await BlockingExecutor.log.run { () throws(EventLogError) in
            do throws(SystemFault) { return try view.horizon() } catch { throw error.eventLogError }
        }
    }
}
