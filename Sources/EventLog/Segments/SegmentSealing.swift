import Events

/// Turns one closed segment into an archive and its index.
///
/// The steps can be repeated after a crash: compress to a temporary file, sync, replace the
/// index, rename, sync the folder, remove the uncompressed file. Not thread-safe.
final class SegmentSealing {
    struct Sealed {
        var archive: DiskUsage.Archive
        var packed: Int
        /// Lines in valid groups.
        var lines: Int
        /// Where the first missing or damaged group starts; nil if there is none.
        var firstMissing: UInt64?
        /// Lines in damaged groups, as far as known.
        var damagedLines: Int
    }

    private let folder: LogFolder
    private var files: any LogFileSystem { folder.files }
    private let deflater = Deflater(level: 6)

    init(folder: LogFolder) { self.folder = folder }

    /// Seals the segment; returns nil if `stopped` returned true before the end.
    ///
    /// - Parameter lines: Keeps a line that ends the process from ending it at every start: the line
    ///   is stored, and not examined for the index. nil: no guard.
    func seal(
        _ name: SegmentName, end: UInt64, level: Int32, guardedBy lines: LineGuard? = nil,
        stopped: () -> Bool
    ) throws(SystemFault) -> Sealed? {
        let temporary = folder.file(name.archive) + SegmentName.temporary
        var result: Sealed?
        do throws(SystemFault) {
            if let lines {
                result = try lines.reading { reading throws(SystemFault) in
                    try compress(
                        name, to: temporary, end: end, level: level,
                        admits: { line, end in
                            reading.admits(
                                line, endingAt: LogPosition(segment: name.number, offset: end))
                        }, stopped: stopped)
                }
            } else {
                result = try compress(
                    name, to: temporary, end: end, level: level, admits: { _, _ in true },
                    stopped: stopped)
            }
        } catch {
            try? files.remove(temporary)
            throw error
        }
        guard let result else {
            try? files.remove(temporary)
            return nil
        }
        try files.rename(temporary, to: folder.file(name.archive))
        try files.syncFolder(folder.path)
        try files.remove(folder.file(name.plain))
        return result
    }

    private func compress(
        _ name: SegmentName, to path: String, end: UInt64, level: Int32,
        admits: ArchiveWriter.Admission, stopped: () -> Bool
    ) throws(SystemFault) -> Sealed? {
        let source = try files.openToRead(folder.file(name.plain))
        defer { files.close(source) }
        let target = try files.openToWrite(path, fresh: true)
        defer { files.close(target) }

        var output = ArchiveWriter(file: target, files: files, deflater: deflater, level: level)
        var fault: SystemFault?
        var cancelled = false
        let scan = try PlainScan(source, files: files, limit: end) { group, commit in
            guard fault == nil, !cancelled else { return }
            if stopped() {
                cancelled = true
                return
            }
            do throws(SystemFault) {
                try output.append(
                    group, at: commit.end - UInt64(commit.bytes), admits: admits)
            } catch { fault = error }
        }
        if let fault { throw fault }
        if cancelled { return nil }
        try output.finish(admits: admits)
        var index = output.index
        index.closedAt = scan.lastAt ?? index.closedAt
        try files.sync(target)
        try files.replace(
            folder.file(name.index), in: folder.path,
            with: output.encodedIndex(closedAt: index.closedAt))
        let allocated =
            try files.facts(target).allocated +| files.facts(folder.file(name.index)).allocated
        return Sealed(
            archive: DiskUsage.Archive(
                name: name, allocated: allocated, closedAt: index.closedAt, lines: index.lines,
                end: index.end),
            packed: output.written, lines: scan.lines,
            firstMissing: scan.firstMissing ?? (scan.end < end ? scan.end : nil),
            damagedLines: scan.damagedLines)
    }
}
