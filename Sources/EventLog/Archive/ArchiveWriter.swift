import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Collects lines into gzip members of about 256 KiB and writes them.
struct ArchiveWriter {
    private let file: LogFile
    private let files: any LogFileSystem
    private let deflater: Deflater
    private let level: Int32

    private var pending: [UInt8] = []
    private var builder = IndexBuilder()
    private(set) var written = 0

    var index: SegmentIndex { builder.index }

    /// A member is written once it holds this many bytes of lines.
    static let memberBytes = 256 * 1024

    init(file: LogFile, files: any LogFileSystem, deflater: Deflater, level: Int32) {
        self.file = file
        self.files = files
        self.deflater = deflater
        self.level = level
    }

    /// Bytes of lines so far.
    private var position: UInt64 { builder.index.end + UInt64(pending.count) }

    /// Appends a group of lines, each with its newline, that starts at offset `start` of the
    /// segment's lines.
    ///
    /// Lost lines before it become blank lines of the same length, so that offsets in the segment
    /// do not change.
    mutating func append(
        _ group: UnsafeRawBufferPointer, at start: UInt64
    ) throws(SystemFault) {
        try fill(upTo: start)
        try group.forEachLine { line, _ throws(SystemFault) in
            pending.append(contentsOf: line)
            pending.append(UInt8(ascii: "\n"))
            try flush(atLeast: Self.memberBytes)
        }
    }

    /// Writes blank lines in place of lost ones.
    mutating func fill(upTo start: UInt64) throws(SystemFault) {
        while position < start {
            let length = Int(min(start - position, 32 * 1024))
            pending.append(contentsOf: repeatElement(UInt8(ascii: " "), count: length - 1))
            pending.append(UInt8(ascii: "\n"))
            try flush(atLeast: Self.memberBytes)
        }
    }

    mutating func finish() throws(SystemFault) { try flush(atLeast: 1) }

    /// The encoded index of what was written.
    func encodedIndex(closedAt: Timestamp) -> [UInt8] {
        builder.encoded(archiveBytes: written, closedAt: closedAt)
    }

    private mutating func flush(atLeast bytes: Int) throws(SystemFault) {
        guard pending.count >= bytes else { return }
        var survey = IndexBuilder.Survey()
        pending.withUnsafeBytes { survey = builder.survey($0) }
        let packed = pending.withUnsafeBytes {
            GzipMember.pack($0, lines: survey.lines, with: deflater, level: level)
        }
        // libdeflate fails here only if memory is short.
        guard let packed else { throw SystemFault("deflate", file.path, code: ENOMEM) }
        try files.writeAll(file, packed, at: written)
        builder.add(survey, packed: packed.count, plain: pending.count)
        written += packed.count
        pending.removeAll(keepingCapacity: true)
    }
}
