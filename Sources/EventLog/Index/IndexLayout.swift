import Events

/// The on-disk format of an index.
///
/// In this order: a preamble, a head with the offsets of the other parts, the table of members,
/// blocks for fields, the filter for ids. Every part has its own CRC-32, except the preamble.
enum IndexLayout {
    static let magic: UInt64 = 0x3358_4449_4C57_4C42  // "BLWLIDX3", little-endian
    /// Bytes before the head: magic, end of the head, zero.
    static let preamble = 16

    /// Bytes of a member in the table.
    static let memberBytes = 4 * 8 + 3 * 4
    /// Upper bound of the bytes of a part.
    static let longestPart = 64 << 20

    /// The statistics of one field: for the segment, and for each member.
    struct Block {
        enum Kind: UInt32, Sendable { case dictionary, range }

        let name: [UInt8]
        let kind: Kind
        let summary: [UInt8]
        /// Statistics for each member; empty if they were dropped.
        private(set) var detail: [UInt8]
        let isDelta: Bool

        var length: Int { name.count + 40 + summary.count + detail.count }

        init(dictionary field: FieldTally) {
            name = field.key
            kind = .dictionary
            isDelta = false
            var summary = ByteWriter()
            summary.write(UInt32(field.values.count))
            for (value, total) in zip(field.values, field.totals) {
                summary.write(UInt64(total))
                summary.write(value)
            }
            self.summary = summary.sealed()
            detail = field.detail.sealed()
        }

        init(range name: [UInt8], _ ranges: [NumberRange]) {
            self.name = name
            kind = .range
            isDelta = name.starts(with: Array("deltas.".utf8))
            var summary = ByteWriter()
            var whole = NumberRange.none
            for range in ranges { whole.include(range) }
            summary.write(whole)
            self.summary = summary.sealed()
            var detail = ByteWriter()
            for range in ranges { detail.write(range) }
            self.detail = detail.sealed()
        }

        /// The block without statistics for the members. It still answers counts and absence for
        /// the whole segment.
        var summarized: Block {
            var block = self
            block.detail = []
            return block
        }

        /// Blocks with a higher rank are dropped first: fields that the log does not define.
        var rank: Int {
            if isDelta { return 0 }
            return Self.known.contains(String(decoding: name, as: UTF8.self)) ? 0 : 1
        }

        private static let known: Set<String> = [
            "level", "event", "node", "az", "namespace", "rollout", "revision", "concern",
            "attempt", "status", "seq", "policy", "binary",
        ]
    }

    static func encode(
        _ index: SegmentIndex, archiveBytes: Int, blocks: [Block], knowsDeltas: Bool,
        filter: (IdFilter, [UInt8])?
    ) -> [UInt8] {
        var members = ByteWriter()
        for member in index.members {
            members.write(UInt64(member.offset))
            members.write(member.start)
            members.write(UInt64(bitPattern: member.earliest))
            members.write(UInt64(bitPattern: member.latest))
            members.write(UInt32(member.packed))
            members.write(UInt32(member.plain))
            members.write(UInt32(member.lines) << 1 | (member.isKnown ? 1 : 0))
        }
        var rest = members.sealed()
        var head = ByteWriter()
        head.write(UInt64(bitPattern: index.closedAt.milliseconds))
        head.write(UInt64(archiveBytes))
        head.write(UInt64(index.lines))
        head.write(index.end)
        head.write(UInt64(bitPattern: index.earliest ?? .max))
        head.write(UInt64(bitPattern: index.latest ?? .min))
        head.write(UInt32(index.members.count))
        head.write(UInt32(rest.count))
        head.write(
            UInt32(knowsDeltas ? 1 : 0) | (index.members.allSatisfy(\.isKnown) ? 2 : 0))
        head.write(UInt32(blocks.count))
        for block in blocks {
            head.write(block.name)
            head.write(block.kind.rawValue)
            head.write(UInt32(rest.count))
            head.write(UInt32(block.summary.count))
            rest += block.summary
            head.write(UInt32(rest.count))
            head.write(UInt32(block.detail.count))
            rest += block.detail
        }
        head.write(UInt32(rest.count))
        head.write(UInt32(filter?.0.rows ?? 0))
        head.write(UInt32(filter?.0.hashes ?? 0))
        rest += filter?.1 ?? []
        let sealed = head.sealed()
        var out = ByteWriter()
        out.write(magic)
        out.write(UInt32(preamble + sealed.count))
        out.write(UInt32(0))
        out.append(sealed)
        out.append(rest)
        return out.bytes
    }
}

extension ByteWriter {
    fileprivate mutating func write(_ range: NumberRange) {
        write(range.low.bitPattern)
        write(range.high.bitPattern)
    }
}
