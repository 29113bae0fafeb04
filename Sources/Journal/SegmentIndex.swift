import Events

/// What readers need to skip parts of a sealed segment: the `.idx` beside it.
///
/// Everything in it can be rebuilt from the archive.
struct SegmentIndex: Sendable, Equatable {
    /// One gzip member.
    struct Member: Sendable, Equatable {
        /// Where it starts in the archive.
        var offset: Int
        var packed: Int
        /// Where its first line starts among the segment's lines.
        var start: UInt64
        var plain: Int
        var lines: Int
        /// The earliest and latest `ts` of its lines, in milliseconds.
        var earliest: Int64
        var latest: Int64

        var end: UInt64 { start + UInt64(plain) }
    }

    var members: [Member] = []
    /// When the last group of the segment was accepted.
    var closedAt: Timestamp

    /// Bytes of lines in the segment.
    var end: UInt64 { members.last?.end ?? 0 }
    var lines: Int { members.reduce(0) { $0 + $1.lines } }
    var earliest: Int64? { members.map(\.earliest).min() }
    var latest: Int64? { members.map(\.latest).max() }

    /// The first member that holds bytes after `offset`.
    func member(after offset: UInt64) -> Int {
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if members[middle].end <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: - On disk

    private static let magic: UInt64 = 0x3158_4449_4C57_4C42  // "BLWLIDX1", little-endian

    var encoded: [UInt8] {
        var out = ByteWriter()
        out.write(Self.magic)
        out.write(UInt64(bitPattern: closedAt.milliseconds))
        out.write(UInt64(members.count))
        for member in members {
            out.write(UInt64(member.offset))
            out.write(member.start)
            out.write(UInt64(bitPattern: member.earliest))
            out.write(UInt64(bitPattern: member.latest))
            out.write(UInt32(member.packed))
            out.write(UInt32(member.plain))
            out.write(UInt32(member.lines))
        }
        return out.sealed()
    }

    init(closedAt: Timestamp) { self.closedAt = closedAt }

    /// nil when a byte is not as it was written.
    init?(_ bytes: [UInt8]) {
        guard var input = ByteReader(sealed: bytes), input.read() == Self.magic,
            let closedAt = input.read(), let count = input.read()
        else { return nil }
        self.init(closedAt: Timestamp(milliseconds: Int64(bitPattern: closedAt)))
        for _ in 0..<count {
            guard let offset = input.read(), let start = input.read(),
                let earliest = input.read(), let latest = input.read(),
                let packed = input.readShort(), let plain = input.readShort(),
                let lines = input.readShort()
            else { return nil }
            members.append(
                Member(
                    offset: Int(offset), packed: Int(packed), start: start, plain: Int(plain),
                    lines: Int(lines), earliest: Int64(bitPattern: earliest),
                    latest: Int64(bitPattern: latest)))
        }
    }
}
