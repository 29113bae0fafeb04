import Events

/// Publishes the acknowledged end of the log: one small file, overwritten after each group.
///
/// Readers in other processes and the next start use it. It is not synced: after a crash of the
/// machine it may be behind, but never ahead of a synced log.
struct HeadFile: Sendable {
    /// The acknowledged end of the log.
    struct Record: Sendable, Equatable {
        var head: LogPosition
        /// Lines of the open segment; nil in files of older versions.
        var lines: Int?
    }

    private var file: LogFile?

    /// A file that cannot be opened, as on a full disk, is tolerated: readers in other processes
    /// then lag behind.
    init(in folder: LogFolder) {
        file = try? folder.files.openToWrite(folder.file(SegmentName.head), fresh: false)
    }

    func publish(_ record: Record, files: any LogFileSystem) {
        guard let file else { return }
        try? files.writeAll(file, Self.encode(record), at: 0)
    }

    /// Creates the file again if its name no longer leads to the open file.
    mutating func reopenIfGone(in folder: LogFolder, record: Record) {
        let files = folder.files
        if let file, let open = try? files.facts(file), let named = try? files.facts(file.path),
            open.isSameFile(as: named)
        {
            return
        }
        close(files: files)
        self = HeadFile(in: folder)
        publish(record, files: files)
    }

    func close(files: any LogFileSystem) {
        if let file { files.close(file) }
    }

    static func encode(_ record: Record) -> [UInt8] {
        var out = ByteWriter()
        out.write(record.head.segment)
        out.write(record.head.offset)
        if let lines = record.lines { out.write(UInt64(clamping: lines)) }
        return out.sealed()
    }

    /// Returns nil if there is no file, or it is damaged or half written.
    static func read(in folder: LogFolder) throws(SystemFault) -> Record? {
        guard let bytes = try folder.files.contents(folder.file(SegmentName.head)),
            var input = ByteReader(sealed: bytes), let segment = input.read(),
            let offset = input.read(), SegmentName.numbers.contains(segment)
        else { return nil }
        return Record(
            head: LogPosition(segment: segment, offset: offset),
            lines: input.read().map { Int(clamping: $0) })
    }
}
