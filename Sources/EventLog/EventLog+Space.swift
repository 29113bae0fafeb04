import Core
public import Events

/// The space on the log's disk, in bytes.
public struct DiskSpace: Sendable, Equatable {
    /// Bytes that an unprivileged user may still write.
    public let free: Int
    public let total: Int
    /// Free bytes that the log preserves. Below it, the log removes archives and then refuses
    /// lines.
    public let floor: Int
}

extension EventLog {
    /// The disk's space; nil if the file system reports an error.
    public func space() async -> DiskSpace? {
        let view = view
        let space = try? await BlockingExecutor.log.run { () throws(EventLogError) -> DiskSpace in
            do throws(SystemFault) {
                let space = try view.folder.files.space(at: view.folder.path)
                return DiskSpace(free: space.free, total: space.total, floor: view.keeper.minFree)
            } catch { throw error.eventLogError }
        }
        return space
    }

    /// Bytes of readable lines after `position`, which a reader at that position has still to
    /// read.
    ///
    /// Reads no file.
    public func bytes(after position: LogPosition) -> Int {
        let head = state.head
        guard position < head else { return 0 }
        if position.segment == head.segment { return Int(clamping: head.offset - position.offset) }
        var bytes = Int(clamping: head.offset)
        for archive in usage.archives
        where archive.name.number >= position.segment && archive.name.number < head.segment {
            bytes +|= Int(clamping: archive.end)
            if archive.name.number == position.segment {
                bytes -|= Int(clamping: min(position.offset, archive.end))
            }
        }
        for (number, end) in state.plainEnds
        where number >= position.segment && number < head.segment {
            bytes +|= Int(clamping: end)
            if number == position.segment { bytes -|= Int(clamping: min(position.offset, end)) }
        }
        return bytes
    }
}
