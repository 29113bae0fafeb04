import Events
import Synchronization

/// Limits what a reader may see: never more than was acknowledged.
protocol LogView: Sendable {
    var folder: LogFolder { get }
    /// The position up to which everything is acknowledged. Blocks.
    func horizon() throws(SystemFault) -> LogPosition
    /// The end of an unsealed segment, and places from which to read it.
    func plain(_ number: UInt64, file: LogFile) throws(SystemFault) -> LogState.Plain
    /// The segments that were removed for age or space.
    func removed() throws(SystemFault) -> RemovedSegments
    /// Whether another process may write the log.
    var isForeign: Bool { get }
    /// Guards the lines that queries examine; nil where a crash ends no node.
    var queries: QueryGuard? { get }
    /// Whether the last `horizon` found an open segment without a good group.
    var hasUnreadableActive: Bool { get }
}

extension LogView {
    var isForeign: Bool { false }
    var hasUnreadableActive: Bool { false }
    var queries: QueryGuard? { nil }
}

/// The view of the process that writes the log.
struct OwnView: LogView {
    let folder: LogFolder
    let state: LogState
    let keeper: QuotaKeeper
    let queries: QueryGuard?

    func horizon() -> LogPosition { state.head }

    func removed() -> RemovedSegments { keeper.removed }

    func plain(_ number: UInt64, file: LogFile) throws(SystemFault) -> LogState.Plain {
        if let plain = state.plain(number) { return plain }
        // The segment has just been sealed; its plain file is still open.
        let scan = try PlainScan(file, files: folder.files)
        return LogState.Plain(end: scan.end, checkpoints: scan.checkpoints, lines: scan.lines)
    }
}

/// The view of any other process, from the files alone and without the lock.
final class ForeignView: LogView {
    let folder: LogFolder
    let directory: String
    private let unreadable = Mutex(false)
    private let known = Mutex<[UInt64: (facts: FileFacts, plain: LogState.Plain)]>([:])

    init(directory: String, files: any LogFileSystem) {
        self.directory = directory
        folder = LogFolder(below: directory, files: files)
    }

    var isForeign: Bool { true }
    var hasUnreadableActive: Bool { unreadable.withLock { $0 } }

    func horizon() throws(SystemFault) -> LogPosition {
        let head = try HeadFile.read(in: folder)?.head
        unreadable.withLock { $0 = false }
        if let head, EventLogLock.isHeld(directory) { return head }
        // No process writes the log: all good groups are kept when it is opened. If that is less
        // than was acknowledged, lines are missing.
        return max(try end(), head ?? .start)
    }

    /// The position after the last good group.
    private func end() throws(SystemFault) -> LogPosition {
        if let active = try openActive() {
            defer { folder.files.close(active.file) }
            let offset: UInt64
            if let end = try PlainTail.end(
                of: active.file, files: folder.files, number: active.number)
            {
                offset = end
            } else {
                offset = try plain(active.number, file: active.file).end
            }
            return LogPosition(segment: active.number, offset: offset)
        }
        let last = try folder.segments().last?.name.number ?? 0
        return LogPosition(segment: last + 1, offset: 0)
    }

    func plain(_ number: UInt64, file: LogFile) throws(SystemFault) -> LogState.Plain {
        let facts = try folder.files.facts(file)
        if let found = known.withLock({ $0[number] }), found.facts == facts { return found.plain }
        let limit = try end(of: number)
        let scan = try PlainScan(file, files: folder.files, limit: limit)
        let plain = LogState.Plain(
            end: limit ?? scan.end, checkpoints: scan.checkpoints, lines: scan.lines)
        known.withLock { known in
            if known.count > 16 { known = [:] }
            known[number] = (facts, plain)
        }
        return plain
    }

    func removed() throws(SystemFault) -> RemovedSegments {
        try RemovedSegments(in: folder)
    }

    /// The segment's end from the header of the next segment; nil if that is missing or sealed.
    private func end(of number: UInt64) throws(SystemFault) -> UInt64? {
        if let active = try openActive() {
            defer { folder.files.close(active.file) }
            if active.number == number + 1,
                let header = try CommitLine.header(of: active.file, files: folder.files)
            {
                return header.after
            }
        }
        let following = try folder.segments().first { $0.name.number == number + 1 && !$0.sealed }
        guard let following else { return nil }
        let file = try folder.files.openToRead(folder.file(following.name.plain))
        defer { folder.files.close(file) }
        return try CommitLine.header(of: file, files: folder.files)?.after
    }

    /// Returns nil if there is no open segment or no good group in it.
    private func openActive() throws(SystemFault) -> (file: LogFile, number: UInt64)? {
        let file: LogFile
        do throws(SystemFault) {
            file = try folder.files.openToRead(folder.file(SegmentName.active))
        } catch {
            if error.isAbsence { return nil }
            throw error
        }
        do throws(SystemFault) {
            if let number = try CommitLine.number(of: file, files: folder.files) {
                return (file, number)
            }
        } catch {
            folder.files.close(file)
            throw error
        }
        folder.files.close(file)
        unreadable.withLock { $0 = true }
        return nil
    }
}
