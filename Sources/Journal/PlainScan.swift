import Events

/// One pass over a segment that isn't sealed: its groups, and where the good ones end.
struct PlainScan: Sendable {
    /// From the header or any commit line; nil when no commit line is good.
    private(set) var number: UInt64?
    /// The end of the segment before, by the header.
    private(set) var after: UInt64?
    /// How many headers there are: one in a file as it was written.
    private(set) var headers = 0
    /// Where the last good commit line ends in the file, and among the lines.
    private(set) var physicalEnd = 0
    private(set) var end: UInt64 = 0
    private(set) var lines = 0
    /// When the first and the last group were accepted.
    private(set) var firstAt: Timestamp?
    private(set) var lastAt: Timestamp?
    /// What is not as it was written before the last good group.
    private(set) var damage: [PlainDamage] = []
    /// Sparse pairs of places, ascending.
    private(set) var checkpoints = Checkpoints()
    private let reader: GroupReader

    var damagedGroups: Int { damage.count }
    /// Lines in them, estimated where only their bytes are known.
    var damagedLines: Int { damage.reduce(0) { $0 +| $1.estimate } }
    /// Where the first missing or damaged group before the last good commit line began.
    private(set) var firstMissing: UInt64?

    /// A good group; its lines each end with a newline.
    typealias Visit = (_ group: UnsafeRawBufferPointer, _ commit: CommitLine) -> Void

    /// Scans `file`, calling `visit` for each good group in order. Groups after
    /// `limit` (bytes of lines) are left out: they were never acknowledged.
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

    /// What follows the last good group in a file of `size` bytes, when lines up to
    /// `acknowledged` were there; nil when nothing does.
    func tail(size: Int, end acknowledged: UInt64) -> PlainDamage? {
        reader.tail(size: size, end: acknowledged)
    }
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
