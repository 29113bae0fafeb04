import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Gathers lines into members of about 256 KiB and writes them.
struct ArchiveWriter {
    private let file: LogFile
    private let files: any LogFileSystem
    private let deflater: Deflater
    private let level: Int32

    private var pending: [UInt8] = []
    private var lines = 0
    private var earliest = Int64.max
    private var latest = Int64.min
    private(set) var index = SegmentIndex(closedAt: Timestamp(milliseconds: 0))
    private(set) var written = 0

    /// Lines are gathered up to as many bytes.
    static let memberBytes = 256 * 1024

    init(file: LogFile, files: any LogFileSystem, deflater: Deflater, level: Int32) {
        self.file = file
        self.files = files
        self.deflater = deflater
        self.level = level
    }

    /// Bytes of lines so far.
    private var position: UInt64 { index.end + UInt64(pending.count) }

    /// Appends a group of lines, each with its newline, that starts `at` so many
    /// bytes of lines. Lost lines before it leave blank lines of the same length,
    /// so that places in the segment stay what they were.
    mutating func append(
        _ group: UnsafeRawBufferPointer, at start: UInt64
    ) throws(SystemFault) {
        try fill(upTo: start)
        try group.forEachLine { line, _ throws(SystemFault) in
            pending.append(contentsOf: line)
            pending.append(UInt8(ascii: "\n"))
            if !line.isFiller { lines += 1 }
            if let scanned = try? ScannedLine(line) {
                earliest = min(earliest, scanned.ts.milliseconds)
                latest = max(latest, scanned.ts.milliseconds)
            }
            try flush(atLeast: Self.memberBytes)
        }
    }

    /// Blank lines in the place of lost ones.
    mutating func fill(upTo start: UInt64) throws(SystemFault) {
        while position < start {
            let length = Int(min(start - position, 32 * 1024))
            pending.append(contentsOf: repeatElement(UInt8(ascii: " "), count: length - 1))
            pending.append(UInt8(ascii: "\n"))
            try flush(atLeast: Self.memberBytes)
        }
    }

    mutating func finish() throws(SystemFault) { try flush(atLeast: 1) }

    private mutating func flush(atLeast bytes: Int) throws(SystemFault) {
        guard pending.count >= bytes else { return }
        let packed = pending.withUnsafeBytes {
            GzipMember.pack($0, lines: lines, with: deflater, level: level)
        }
        // zlib refuses only for want of memory.
        guard let packed else { throw SystemFault("deflate", file.path, code: ENOMEM) }
        try files.writeAll(file, packed, at: written)
        index.members.append(
            SegmentIndex.Member(
                offset: written, packed: packed.count, start: index.end, plain: pending.count,
                lines: lines, earliest: min(earliest, latest), latest: max(earliest, latest)))
        written += packed.count
        pending.removeAll(keepingCapacity: true)
        lines = 0
        earliest = .max
        latest = .min
    }
}
