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
    /// Whether the line that ends at this offset of the segment may be examined.
    typealias Admission = (_ line: UnsafeRawBufferPointer, _ end: UInt64) -> Bool

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
        _ group: UnsafeRawBufferPointer, at start: UInt64, admits: Admission = { _, _ in true }
    ) throws(SystemFault) {
        try fill(upTo: start, admits: admits)
        try group.forEachLine { line, _ throws(SystemFault) in
            pending.append(contentsOf: line)
            pending.append(UInt8(ascii: "\n"))
            try flush(atLeast: Self.memberBytes, admits)
        }
    }

    /// Writes blank lines in place of lost ones.
    mutating func fill(upTo start: UInt64, admits: Admission = { _, _ in true }) throws(SystemFault)
    {
        while position < start {
            let length = Int(min(start - position, 32 * 1024))
            pending.append(contentsOf: repeatElement(UInt8(ascii: " "), count: length - 1))
            pending.append(UInt8(ascii: "\n"))
            try flush(atLeast: Self.memberBytes, admits)
        }
    }

    mutating func finish(admits: Admission = { _, _ in true }) throws(SystemFault) {
        try flush(atLeast: 1, admits)
    }

    /// The encoded index of what was written.
    func encodedIndex(closedAt: Timestamp) -> [UInt8] {
        builder.encoded(archiveBytes: written, closedAt: closedAt)
    }

    private mutating func flush(
        atLeast bytes: Int, _ admits: Admission
    ) throws(SystemFault) {
        guard pending.count >= bytes else { return }
        var survey = IndexBuilder.Survey()
        let begin = builder.index.end
        pending.withUnsafeBytes { plain in
            survey = builder.survey(
                plain,
                admits: { line, start in
                    admits(line, begin &+ UInt64(start + line.count + 1))
                })
        }
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
