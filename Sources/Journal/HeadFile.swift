import Events

/// Tells readers in other processes how far the log is acknowledged: one small
/// file, overwritten after each group. It is not synced: after a crash of the
/// machine the commit lines say it all.
struct HeadFile: Sendable {
    private let file: LogFile?

    /// Without the file (a full disk) readers of other processes lag; nothing else suffers.
    init(in folder: LogFolder) {
        file = try? folder.files.openToWrite(folder.file(SegmentName.head), fresh: false)
    }

    func publish(_ head: LogPosition, files: any LogFileSystem) {
        guard let file else { return }
        try? files.writeAll(file, Self.encode(head), at: 0)
    }

    func close(files: any LogFileSystem) {
        if let file { files.close(file) }
    }

    static func encode(_ head: LogPosition) -> [UInt8] {
        var out = ByteWriter()
        out.write(head.segment)
        out.write(head.offset)
        return out.sealed()
    }

    /// nil when there is none, or it was caught half written.
    static func read(in folder: LogFolder) -> LogPosition? {
        guard let bytes = try? folder.files.contents(folder.file(SegmentName.head)),
            var input = ByteReader(sealed: bytes), let segment = input.read(),
            let offset = input.read()
        else { return nil }
        return LogPosition(segment: segment, offset: offset)
    }
}
