import Events

/// Goes from group to group of a segment that isn't sealed, and checks each one.
///
/// A group is good when the commit line that ends it fits its bytes and it follows the good
/// group before. Damaged bytes are passed over: the next good group is found by the length
/// that its commit line gives, so that a damaged commit line costs its own group only.
/// Reads in pieces; holds one piece at a time.
struct GroupReader {
    struct Group {
        let commit: CommitLine
        /// Its event lines in the file.
        let range: Range<Int>
        /// Where its commit line ends in the file.
        let physicalEnd: Int
        /// What is between the good group before and this one.
        let damage: PlainDamage?

        /// Where its first line starts among the segment's lines.
        var start: UInt64 { commit.end - UInt64(commit.bytes) }
    }

    private let file: LogFile
    private let files: any LogFileSystem
    private let pieceBytes: Int
    private var piece: [UInt8] = []
    private var pieceStart: Int
    /// The next byte to look at, in the file.
    private var at: Int
    /// Whether a line starts there.
    private var startsLine = true
    /// Of the bytes from `physicalEnd` to `at`.
    private var checksum: UInt32 = 0
    /// What commit lines since the last good group say, though nothing proves it.
    private var claims: [CommitLine] = []

    /// By the first good commit line.
    private(set) var number: UInt64?
    /// Where the last good commit line ends in the file, and among the lines.
    private(set) var physicalEnd: Int
    private(set) var end: UInt64

    /// No group is as long.
    static let longestGroup = 32 << 20
    /// Lines of a good group lie at most as far behind those of the group before.
    private static let longestGap: UInt64 = 4 << 30
    /// No line is as long.
    private static let longestLine = 128 * 1024
    private static let longestCommitLine = 1024

    /// - Parameters:
    ///   - place: Where a group starts, in the file and among the lines.
    ///   - number: Of the segment; nil: the first good group tells.
    init(
        _ file: LogFile, files: any LogFileSystem,
        from place: (logical: UInt64, physical: Int) = (0, 0), number: UInt64? = nil,
        pieceBytes: Int = 1 << 20
    ) {
        self.file = file
        self.files = files
        self.pieceBytes = pieceBytes
        self.number = number
        pieceStart = place.physical
        at = place.physical
        physicalEnd = place.physical
        end = place.logical
    }

    /// The next good group; nil when there is no more, or the next one ends after `limit`
    /// (bytes of lines).
    mutating func next(limit: UInt64? = nil) throws(SystemFault) -> Group? {
        while let line = try nextCommitLine() {
            let claim = piece.withUnsafeBytes { bytes in
                CommitLine.Claim(
                    UnsafeRawBufferPointer(
                        rebasing: bytes[line.lowerBound - pieceStart..<line.upperBound - pieceStart]
                    ))
            }
            if let claim, let start = try groupStart(of: claim, before: line.lowerBound) {
                let commit = claim.commit
                if let limit, commit.end > limit { return nil }
                let lost = commit.end - UInt64(commit.bytes) - end
                let damage =
                    lost > 0 || start > physicalEnd
                    ? PlainDamage(
                        range: physicalEnd..<start, bytes: lost, lines: claimedLines(lost))
                    : nil
                let group = Group(
                    commit: commit, range: start..<line.lowerBound,
                    physicalEnd: line.upperBound + 1, damage: damage)
                number = commit.segment
                end = commit.end
                physicalEnd = group.physicalEnd
                advance(to: physicalEnd)
                checksum = 0
                claims = []
                return group
            }
            if let claim, claims.count < 4096 { claims.append(claim.commit) }
            advance(to: line.upperBound + 1)
        }
        return nil
    }

    /// What lies between the last good group and `size`, where the lines up to `end` are
    /// missing; nil when nothing is there or missing.
    func tail(size: Int, end acknowledged: UInt64) -> PlainDamage? {
        guard size > physicalEnd || acknowledged > end else { return nil }
        let lost = acknowledged > end ? acknowledged - end : 0
        return PlainDamage(
            range: physicalEnd..<max(physicalEnd, size), bytes: lost, lines: claimedLines(lost))
    }

    /// Shows the lines of the group that `next` returned last.
    func withLines<Result>(
        of group: Group, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(SystemFault) -> Result {
        if group.range.lowerBound >= pieceStart {
            return piece.withUnsafeBytes { bytes in
                body(
                    UnsafeRawBufferPointer(
                        rebasing: bytes[
                            group.range.lowerBound - pieceStart..<group.range.upperBound
                                - pieceStart]))
            }
        }
        let bytes = try files.read(file, at: group.range.lowerBound, count: group.range.count)
        return bytes.withUnsafeBytes(body)
    }

    /// Where the group that a commit line claims starts in the file; nil when it isn't good.
    private func groupStart(
        of claim: CommitLine.Claim, before place: Int
    ) throws(SystemFault) -> Int? {
        let commit = claim.commit
        let start = place - commit.bytes
        guard start >= physicalEnd, number == nil || number == commit.segment,
            commit.end - UInt64(commit.bytes) >= end,
            commit.end - UInt64(commit.bytes) - end <= Self.longestGap
        else { return nil }
        if start == physicalEnd, claim.fits(checksum) { return start }
        guard start > physicalEnd, commit.bytes <= Self.longestGroup else { return nil }
        let found: UInt32
        if start >= pieceStart {
            found = piece.withUnsafeBytes { bytes in
                Checksum.crc32(
                    UnsafeRawBufferPointer(
                        rebasing: bytes[start - pieceStart..<place - pieceStart]))
            }
        } else {
            found = Checksum.crc32(try files.read(file, at: start, count: commit.bytes))
        }
        return claim.fits(found) ? start : nil
    }

    /// How many lines there were in `lost` bytes, when the commit lines that were passed
    /// claim just those.
    private func claimedLines(_ lost: UInt64) -> Int? {
        if lost == 0 { return 0 }
        var place = end
        var lines = 0
        for claim in claims where claim.end - UInt64(claim.bytes) == place {
            guard claim.segment == number ?? claim.segment, claim.count <= claim.bytes else {
                return nil
            }
            place = claim.end
            lines +|= claim.count
        }
        return place == end + lost ? lines : nil
    }

    // MARK: - Bytes

    /// Where the next commit line is in the file, its newline excluded; its bytes lie in
    /// the piece. nil at the end.
    private mutating func nextCommitLine() throws(SystemFault) -> Range<Int>? {
        while true {
            let from = at - pieceStart
            let startsLine = self.startsLine
            let (line, lastLine) = piece.withUnsafeBytes { bytes in
                (
                    Self.commitLine(in: bytes, from: from, startsLine: startsLine),
                    bytes.lineStart(of: bytes.count, notBefore: min(from, bytes.count))
                )
            }
            if let line {
                advance(to: pieceStart + line.lowerBound)
                return pieceStart + line.lowerBound..<pieceStart + line.upperBound
            }
            // A commit line may begin after the last whole line.
            if lastLine > from {
                advance(to: pieceStart + lastLine)
            } else if piece.count - from > Self.longestLine {
                advance(to: pieceStart + piece.count)
            }
            let known = pieceStart + piece.count
            try files.read(file, into: &piece, at: at, count: pieceBytes)
            pieceStart = at
            if pieceStart + piece.count <= known { return nil }
        }
    }

    private static func commitLine(
        in bytes: UnsafeRawBufferPointer, from start: Int, startsLine: Bool
    ) -> Range<Int>? {
        var from = start
        while let place = bytes.first(CommitLine.prefix, from: from) {
            from = place + 1
            // Inside a line it is somebody's text.
            guard place == start ? startsLine : bytes[place - 1] == UInt8(ascii: "\n") else {
                continue
            }
            if let newline = bytes.firstNewline(from: place),
                newline - place <= longestCommitLine
            {
                return place..<newline
            }
            if bytes.count - place <= longestCommitLine { return nil }
        }
        return nil
    }

    private mutating func advance(to place: Int) {
        guard place > at else { return }
        piece.withUnsafeBytes { bytes in
            let passed = UnsafeRawBufferPointer(
                rebasing: bytes[at - pieceStart..<place - pieceStart])
            checksum = Checksum.crc32(passed, continuing: checksum)
            startsLine = passed.last == UInt8(ascii: "\n")
        }
        at = place
    }
}

/// Bytes of a segment that isn't sealed which belong to no good group.
struct PlainDamage: Sendable, Equatable {
    /// In the file; empty where bytes are missing.
    let range: Range<Int>
    /// Bytes of lines that are missing.
    let bytes: UInt64
    /// Lines that are missing; nil when only their bytes are known.
    var lines: Int?

    /// `lines`, or an estimate of them: half a kilobyte each.
    var estimate: Int { lines ?? Int(clamping: max(1, bytes / 512)) }
}
