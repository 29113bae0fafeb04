import Events

/// The lines of one group commit, gathered into one buffer that is used again.
struct CommitGroup: Sendable {
    /// The new lines, each with its newline; after `finish` the commit line too.
    private(set) var bytes: [UInt8] = []
    private(set) var lines = 0
    /// What `marks` let in, to be taken back if the disk refuses.
    private(set) var admitted: [ScannedLine.Key] = []
    private(set) var acceptedPerRequest: [Int] = []
    private(set) var shedPerRequest: [KindCounts] = []
    /// Sum over `shedPerRequest`.
    private(set) var shed = KindCounts()
    /// CRC-32 of the first `summed` bytes.
    private var sum: UInt32 = 0
    private var summed = 0

    /// More than any commit line takes.
    static let commitLineRoom = 512
    /// Requests are gathered up to as many bytes; one larger request is a group alone.
    static let bytesAtMost = 4 << 20
    /// A buffer that one large request made larger is given back.
    private static let bytesKept = 6 << 20

    var isEmpty: Bool { lines == 0 }

    mutating func clear() {
        if bytes.capacity > Self.bytesKept {
            bytes = []
        } else {
            bytes.removeAll(keepingCapacity: true)
        }
        lines = 0
        admitted.removeAll(keepingCapacity: true)
        acceptedPerRequest.removeAll(keepingCapacity: true)
        shedPerRequest.removeAll(keepingCapacity: true)
        shed = KindCounts()
        sum = 0
        summed = 0
    }

    /// Keeps the lines that `marks` don't know, in order; those of a kind less than
    /// `least` are given up.
    mutating func form(
        _ requests: [AppendRequest], marks: inout Marks, keeping least: LineKind?,
        at now: Timestamp
    ) {
        clear()
        for request in requests {
            let (before, start) = (lines, bytes.count)
            var given = KindCounts()
            // Neighbouring new lines are copied at once.
            var run: Range<Int>?
            for line in request.lines {
                if let least, line.kind < least {
                    // What the log holds already is a duplicate, not a loss.
                    if !marks.holds(line.key, at: now) { given[line.kind] += 1 }
                    continue
                }
                guard marks.admit(line.key, at: now) else { continue }
                if line.key != .none { admitted.append(line.key) }
                lines += 1
                if let open = run, open.upperBound + 1 == line.range.lowerBound {
                    run = open.lowerBound..<line.range.upperBound
                } else {
                    append(run, of: request.bytes)
                    run = line.range
                }
            }
            append(run, of: request.bytes)
            if let known = request.checksum, lines - before == request.lines.count {
                sumUp(to: start)
                sum = Checksum.crc32(sum, then: known, of: bytes.count - start)
                summed = bytes.count
            }
            acceptedPerRequest.append(lines - before)
            shedPerRequest.append(given)
            shed += given
        }
    }

    private mutating func append(_ run: Range<Int>?, of source: [UInt8]) {
        guard let run else { return }
        bytes.append(contentsOf: source[run])
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func sumUp(to end: Int) {
        sum = bytes.withUnsafeBytes {
            Checksum.crc32(UnsafeRawBufferPointer(rebasing: $0[summed..<end]), continuing: sum)
        }
        summed = end
    }

    mutating func finish(with line: CommitLine) {
        sumUp(to: bytes.count)
        bytes.append(contentsOf: line.encoded(groupChecksum: sum))
    }
}
