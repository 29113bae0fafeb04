import Events

/// One pass over a segment that isn't sealed: its groups, and where the good ones end.
///
/// Reads in pieces; holds one group at a time at most.
struct PlainScan: Sendable {
    /// From the header or any commit line; nil when no commit line is good.
    private(set) var number: UInt64?
    /// The end of the segment before, by the header.
    private(set) var after: UInt64?
    /// Where the last good commit line ends in the file, and among the lines.
    private(set) var physicalEnd = 0
    private(set) var end: UInt64 = 0
    private(set) var lines = 0
    /// When the first and the last group were accepted.
    private(set) var firstAt: Timestamp?
    private(set) var lastAt: Timestamp?
    /// Groups before the last good commit line whose bytes are not as written.
    private(set) var damagedGroups = 0
    /// Lines in them, as far as their newlines are still there.
    private(set) var damagedLines = 0
    /// Where the first missing or damaged group before the last good commit line began.
    private(set) var firstMissing: UInt64?
    /// Sparse pairs of places, ascending.
    private(set) var checkpoints = Checkpoints()

    /// A good group; its lines each end with a newline.
    typealias Visit = (_ group: UnsafeRawBufferPointer, _ commit: CommitLine) -> Void

    /// Scans `file`, calling `visit` for each good group in order. Groups after
    /// `limit` (bytes of lines) are left out: they were never acknowledged.
    init(
        _ file: LogFile, files: any LogFileSystem, limit: UInt64? = nil, visit: Visit = { _, _ in }
    ) throws(SystemFault) {
        var pending: [UInt8] = []
        var pendingStart = 0
        var groupStart = 0
        var at = 0
        var damaged = (groups: 0, lines: 0)
        scan: while true {
            // `at` is the start of the first line not looked at yet.
            let piece = try files.read(file, at: pendingStart + pending.count, count: 1 << 20)
            if piece.isEmpty { break }
            pending += piece
            var stop = false
            pending.withUnsafeBytes { bytes in
                while let newline = bytes.firstNewline(from: at) {
                    let line = UnsafeRawBufferPointer(rebasing: bytes[at..<newline])
                    defer { at = newline + 1 }
                    guard CommitLine.isOne(line) else { continue }
                    let group = UnsafeRawBufferPointer(rebasing: bytes[groupStart..<at])
                    groupStart = newline + 1
                    guard
                        let commit = CommitLine(line, groupChecksum: Checksum.crc32(group)),
                        commit.bytes == group.count, number == nil || number == commit.segment
                    else {
                        damaged.groups += 1
                        damaged.lines += group.count(where: { $0 == 0x0A })
                        continue
                    }
                    if let limit, commit.end > limit {
                        stop = true
                        return
                    }
                    damagedGroups += damaged.groups
                    damagedLines += damaged.lines
                    damaged = (0, 0)
                    if commit.end - UInt64(commit.bytes) > end, firstMissing == nil {
                        firstMissing = end
                    }
                    number = commit.segment
                    if commit.count == 0 {
                        after = commit.after
                    } else {
                        if firstAt == nil { firstAt = commit.at }
                        lastAt = commit.at
                    }
                    end = commit.end
                    lines +|= commit.count
                    physicalEnd = pendingStart + newline + 1
                    checkpoints.note(logical: end, physical: physicalEnd)
                    if commit.count > 0 { visit(group, commit) }
                }
            }
            if stop { break scan }
            // Whole groups are done with; what is left is at most one group.
            pending.removeFirst(groupStart)
            pendingStart += groupStart
            at -= groupStart
            groupStart = 0
            // No group is as long: this is no log of ours, or its commit line is gone.
            if pending.count > Self.longestGroup { break }
        }
    }

    static let longestGroup = 32 << 20
}

/// Where some of the lines of a plain segment start in its file, which also
/// holds commit lines: pairs, ascending in both.
struct Checkpoints: Sendable, Equatable {
    private var pairs: [(logical: UInt64, physical: Int)] = []
    private static let spacing: UInt64 = 256 * 1024

    mutating func note(logical: UInt64, physical: Int) {
        if let last = pairs.last, logical < last.logical +| Self.spacing { return }
        pairs.append((logical, physical))
    }

    /// The nearest noted place at or before `logical`.
    func place(before logical: UInt64) -> (logical: UInt64, physical: Int) {
        var low = 0
        var high = pairs.count
        while low < high {
            let middle = (low + high) / 2
            if pairs[middle].logical <= logical { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? (0, 0) : pairs[low - 1]
    }

    static func == (a: Checkpoints, b: Checkpoints) -> Bool {
        a.pairs.elementsEqual(b.pairs) { $0 == $1 }
    }
}
