import Events

/// Reads and checks the groups of a segment that is not sealed.
///
/// A group is good if its commit line matches its bytes and it follows the previous good group.
/// Damaged bytes are skipped: the start of the next good group is computed from the length in its
/// commit line, so a damaged commit line loses only its own group. Reads in pieces and holds one
/// piece at a time.
struct GroupReader {
    struct Group {
        let commit: CommitLine
        /// Its event lines, as offsets in the file.
        let range: Range<Int>
        /// File offset of the end of its commit line.
        let physicalEnd: Int
        /// The damage between the previous good group and this one.
        let damage: PlainDamage?

        /// Offset of its first line among the segment's lines.
        var start: UInt64 { commit.end - UInt64(commit.bytes) }
    }

    private let file: LogFile
    private let files: any LogFileSystem
    private let pieceBytes: Int
    private var piece: [UInt8] = []
    private var pieceStart: Int
    /// File offset of the next byte to examine.
    private var at: Int
    /// Whether a line starts at `at`.
    private var startsLine = true
    /// CRC-32 of the bytes from `physicalEnd` to `at`.
    private var checksum: UInt32 = 0
    /// Unverified commit lines since the last good group.
    private var claims: [CommitLine] = []

    /// The segment's number, given or read from the first good commit line.
    private(set) var number: UInt64?
    /// The end of the last good group: its file offset, and its offset among the lines.
    private(set) var physicalEnd: Int
    private(set) var end: UInt64

    /// Upper bound of a group's bytes.
    static let longestGroup = 32 << 20
    /// Maximum distance between the lines of a good group and those of the previous one.
    private static let longestGap: UInt64 = 4 << 30
    /// Upper bound of a line's bytes.
    private static let longestLine = 128 * 1024
    private static let longestCommitLine = 1024

    /// - Parameters:
    ///   - place: Where a group starts, among the lines and in the file.
    ///   - number: The segment's number; nil to read it from the first good group.
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

    /// Returns the next good group; nil if there is none or it ends after `limit`.
    ///
    /// - Parameter limit: Bytes of lines.
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

    /// The damage between the last good group and the end of the file.
    ///
    /// - Parameters:
    ///   - size: The file's size.
    ///   - acknowledged: Bytes of lines that were acknowledged.
    /// - Returns: nil if there are no further bytes and no lines are missing.
    func tail(size: Int, end acknowledged: UInt64) -> PlainDamage? {
        guard size > physicalEnd || acknowledged > end else { return nil }
        let lost = acknowledged > end ? acknowledged - end : 0
        return PlainDamage(
            range: physicalEnd..<max(physicalEnd, size), bytes: lost, lines: claimedLines(lost))
    }

    /// Calls `body` with the lines of the group that `next` returned last.
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

    /// File offset at which the claimed group starts; nil if the group is not good.
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

    /// Number of lines in `lost` bytes; nil unless the skipped commit lines cover exactly these
    /// bytes.
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

    /// File range of the next commit line without its newline; nil at the end. The piece then
    /// contains its bytes.
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
            // A commit line may start after the last complete line.
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
        // Inside a line, the prefix is part of an event's text.
        var from = startsLine ? start : bytes.firstNewline(from: start).map { $0 + 1 }
        while let line = from, let place = CommitLine.first(in: bytes, from: line) {
            let newline = bytes.firstNewline(from: place)
            if let newline, newline - place <= longestCommitLine { return place..<newline }
            from = newline.map { $0 + 1 }
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

/// Bytes of an unsealed segment that belong to no good group.
struct PlainDamage: Sendable, Equatable {
    /// Range in the file; empty if bytes are missing there.
    let range: Range<Int>
    /// Bytes of missing lines.
    let bytes: UInt64
    /// Number of missing lines; nil if only their bytes are known.
    var lines: Int?

    /// `lines`, or an estimate of one line for each 512 bytes, at least one.
    var estimate: Int { lines ?? Int(clamping: max(1, bytes / 512)) }
}
