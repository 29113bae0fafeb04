import Events

/// Reads an unsealed segment once: its valid groups and where the last of them ends.
struct PlainScan: Sendable {
    /// The segment's number, from the last valid commit line; nil if there is none.
    private(set) var number: UInt64?
    /// Where the previous segment ends, from the header.
    private(set) var after: UInt64?
    /// The number of headers; an intact file has one.
    private(set) var headers = 0
    /// Where the last valid commit line ends in the file, and the bytes of event lines up to it.
    private(set) var physicalEnd = 0
    private(set) var end: UInt64 = 0
    private(set) var lines = 0
    /// When the first and the last group were accepted.
    private(set) var firstAt: Timestamp?
    private(set) var lastAt: Timestamp?
    /// Damage before the last valid group.
    private(set) var damage: [PlainDamage] = []
    /// Sparse pairs of logical and physical offsets, ascending.
    private(set) var checkpoints = Checkpoints()
    private let reader: GroupReader

    var damagedGroups: Int { damage.count }
    /// Lines in the damaged groups, estimated where only the number of bytes is known.
    var damagedLines: Int { damage.reduce(0) { $0 +| $1.estimate } }
    /// Where the first missing or damaged group before the last valid commit line starts.
    private(set) var firstMissing: UInt64?

    /// Receives a valid group, whose lines each end with a newline.
    typealias Visit = (_ group: UnsafeRawBufferPointer, _ commit: CommitLine) -> Void

    /// Scans `file` and calls `visit` for each valid group in order.
    ///
    /// - Parameter limit: Bytes of event lines; groups after it are skipped, because they were
    ///   never acknowledged.
    init(
        _ file: LogFile, files: any LogFileSystem, limit: UInt64? = nil, visit: Visit = { _, _ in }
    ) throws(SystemFault) {
        var reader = GroupReader(file, files: files)
        while let group = try reader.next(limit: limit) {
            let commit = group.commit
            if let found = group.damage {
                damage.append(found)
                if found.bytes > 0, firstMissing == nil { firstMissing = end }
            }
            number = commit.segment
            if commit.count == 0 {
                after = commit.after
                headers += 1
            } else {
                if firstAt == nil { firstAt = commit.at }
                lastAt = commit.at
            }
            end = commit.end
            lines +|= commit.count
            physicalEnd = group.physicalEnd
            checkpoints.note(logical: end, physical: physicalEnd)
            if commit.count > 0 { try reader.withLines(of: group) { visit($0, commit) } }
        }
        self.reader = reader
    }

    /// Returns what follows the last valid group in a file of `size` bytes; nil if nothing does.
    ///
    /// - Parameter acknowledged: The end of the acknowledged lines.
    func tail(size: Int, end acknowledged: UInt64) -> PlainDamage? {
        reader.tail(size: size, end: acknowledged)
    }
}

/// Maps logical to physical offsets of some lines in an unsealed segment file.
///
/// Logical offsets exclude commit lines. The pairs ascend in both.
struct Checkpoints: Sendable, Equatable {
    private var pairs: [(logical: UInt64, physical: Int)] = []
    private static let spacing: UInt64 = 256 * 1024

    mutating func note(logical: UInt64, physical: Int) {
        if let last = pairs.last, logical < last.logical +| Self.spacing { return }
        pairs.append((logical, physical))
    }

    /// Returns the last pair at or before `logical`.
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
