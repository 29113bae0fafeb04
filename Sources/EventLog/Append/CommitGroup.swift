public import Events

/// The lines of one group commit.
///
/// Small runs of lines are copied into one reused buffer; large ones are written from the
/// request's body.
struct CommitGroup: Sendable {
    /// The new lines in order, each with its newline; after `finish`, the commit line too.
    private(set) var pieces: [Piece] = []
    /// Bytes of all pieces.
    private(set) var count = 0
    private var gathered: [UInt8] = []
    private(set) var lines = 0
    /// Whether all lines are the log's reports about its own trouble.
    private(set) var isReport = false
    /// Keys admitted to `marks`, to be withdrawn if the write fails.
    private(set) var admitted: [ScannedLine.Key] = []
    private(set) var acceptedPerRequest: [Int] = []
    private(set) var shedPerRequest: [KindCounts] = []
    /// Sum of `shedPerRequest`.
    private(set) var shed = KindCounts()
    /// CRC-32 of all but the last `count - summed` bytes. Those are in the buffer.
    private var sum: UInt32 = 0
    private var summed = 0
    /// The state before the commit line was added.
    private var unfinished: (pieces: Int, last: Piece?, gathered: Int, count: Int)?

    /// A contiguous part of the group.
    enum Piece: Sendable {
        /// A range of the buffer.
        case gathered(Range<Int>)
        /// A range of a request's body.
        case body([UInt8], Range<Int>)
    }

    /// Longest run of lines that is copied; up to here, fewer writes save more than the copy
    /// costs.
    private static let copiedAtMost = 32 << 10

    /// More bytes than any commit line takes.
    static let commitLineSpace = 512
    /// A group collects requests up to this many bytes; a larger request is a group of its own.
    static let bytesAtMost = 4 << 20
    /// A buffer that a large request made larger than this is freed.
    private static let bytesKept = 6 << 20

    var isEmpty: Bool { lines == 0 }

    mutating func clear() {
        if gathered.capacity > Self.bytesKept {
            gathered = []
        } else {
            gathered.removeAll(keepingCapacity: true)
        }
        pieces.removeAll(keepingCapacity: true)
        count = 0
        lines = 0
        admitted.removeAll(keepingCapacity: true)
        acceptedPerRequest.removeAll(keepingCapacity: true)
        shedPerRequest.removeAll(keepingCapacity: true)
        shed = KindCounts()
        sum = 0
        summed = 0
        unfinished = nil
    }

    /// Forms the group from the lines that `marks` does not contain, in order.
    ///
    /// Lines of a kind below `least` are dropped and counted as shed.
    ///
    /// - Parameter now: The time of `DedupClock`.
    mutating func form(
        _ requests: [AppendRequest], marks: inout DedupIndex, keeping least: LineKind?,
        at now: Timestamp
    ) {
        clear()
        isReport = requests.allSatisfy(\.isReport)
        for request in requests {
            let before = lines
            let known = request.checksum.flatMap { sum in
                request.lines.first.flatMap { first in
                    request.lines.last.map { last in
                        (first.range.lowerBound..<last.range.upperBound, sum)
                    }
                }
            }
            var given = KindCounts()
            // Adjacent new lines are copied together.
            var run: Range<Int>?
            for line in request.lines {
                if let least, line.kind < least, !request.isCopy {
                    // A line that the log already holds is a duplicate, not a loss.
                    if !marks.holds(line.key, at: now) { given[line.kind] += 1 }
                    continue
                }
                let isNew = marks.admit(line.key, at: now)
                guard isNew || request.isCopy else { continue }
                if isNew, line.key != .none { admitted.append(line.key) }
                lines += 1
                if let open = run, open.upperBound + 1 == line.range.lowerBound {
                    run = open.lowerBound..<line.range.upperBound
                } else {
                    append(run, of: request.bytes, known)
                    run = line.range
                }
            }
            append(run, of: request.bytes, known)
            acceptedPerRequest.append(lines - before)
            shedPerRequest.append(given)
            shed += given
        }
    }

    /// - Parameter known: A run and the CRC-32 of it with the newline after it.
    private mutating func append(
        _ run: Range<Int>?, of source: [UInt8], _ known: (run: Range<Int>, sum: UInt32)?
    ) {
        guard let run else { return }
        let sum = known.flatMap { $0.run == run ? $0.sum : nil }
        let isClosed = run.upperBound < source.count && source[run.upperBound] == Self.newline
        if run.count > Self.copiedAtMost, isClosed {
            sumUp()
            let whole = run.lowerBound..<(run.upperBound + 1)
            add(sum ?? Self.checksum(of: source, whole), of: whole.count)
            pieces.append(.body(source, whole))
            count += whole.count
            summed = count
            return
        }
        if sum != nil { sumUp() }
        gather(source[run])
        gather(CollectionOfOne(Self.newline))
        if let sum {
            add(sum, of: run.count + 1)
            summed = count
        }
    }

    private static let newline = UInt8(ascii: "\n")

    private mutating func gather(_ more: some Collection<UInt8>) {
        let start = gathered.count
        gathered.append(contentsOf: more)
        if case .gathered(let range)? = pieces.last {
            pieces[pieces.count - 1] = .gathered(range.lowerBound..<gathered.count)
        } else {
            pieces.append(.gathered(start..<gathered.count))
        }
        count += gathered.count - start
    }

    private mutating func add(_ more: UInt32, of bytes: Int) {
        sum = Checksum.crc32(sum, then: more, of: bytes)
    }

    /// Adds the buffered bytes at the end to the checksum.
    private mutating func sumUp() {
        guard summed < count else { return }
        let tail = gathered.count - (count - summed)
        sum = gathered.withUnsafeBytes {
            Checksum.crc32(UnsafeRawBufferPointer(rebasing: $0[tail...]), continuing: sum)
        }
        summed = count
    }

    private static func checksum(of bytes: [UInt8], _ range: Range<Int>) -> UInt32 {
        bytes.withUnsafeBytes { Checksum.crc32(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    mutating func finish(with line: CommitLine) {
        sumUp()
        unfinished = (pieces.count, pieces.last, gathered.count, count)
        gather(line.encoded(groupChecksum: sum))
    }

    /// Removes the commit line, so that the group can be written to another segment.
    mutating func unfinish() {
        guard let before = unfinished else { return }
        pieces.removeLast(pieces.count - before.pieces)
        if let last = before.last { pieces[pieces.count - 1] = last }
        gathered.removeLast(gathered.count - before.gathered)
        count = before.count
        unfinished = nil
    }

    /// Calls `body` with the bytes of each piece and their offset in the group.
    func forEachPiece<E: Error>(
        _ body: (UnsafeRawBufferPointer, _ offset: Int) throws(E) -> Void
    ) throws(E) {
        var offset = 0
        for piece in pieces {
            let (bytes, range) =
                switch piece {
                case .gathered(let range): (gathered, range)
                case .body(let bytes, let range): (bytes, range)
                }
            let result = bytes.withUnsafeBytes { bytes -> Result<Void, E> in
                do throws(E) {
                    return .success(
                        try body(UnsafeRawBufferPointer(rebasing: bytes[range]), offset))
                } catch { return .failure(error) }
            }
            try result.get()
            offset += range.count
        }
    }
}

/// The result of ingesting one body.
public struct IngestReceipt: Sendable, Equatable {
    public struct Rejection: Sendable, Equatable {
        /// Counted from 1, blank lines included.
        public let line: Int
        public let error: EventFault
    }

    /// New lines, durable by now.
    public var accepted: Int
    /// Lines that the log already contains.
    public var duplicates: Int
    /// The first rejected lines, at most `listed`; `rejectedTotal` counts all.
    public var rejected: [Rejection]
    /// The number of all rejected lines, also those not in `rejected`.
    public var rejectedTotal: Int
    /// Lines shed for lack of space, by kind. They are not stored, and the sender should not retry
    /// them.
    public var shed = KindCounts()
    /// A position after every accepted line.
    public var end: LogPosition

    /// Maximum number of rejected lines in a receipt; a body of 8 MiB can contain four million.
    public static let listed = 100
}
