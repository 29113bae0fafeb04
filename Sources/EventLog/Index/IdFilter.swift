import Events

/// Bloom filters over the ids of a segment's members, bit-sliced.
///
/// Row `i` holds bit `i` of every member's filter, so a lookup reads a few rows instead of one
/// filter per member. Rows are stored in blocks of 256 bytes, each with a CRC-32, so that a
/// lookup reads and checks only the blocks it needs.
struct IdFilter: Sendable, Equatable {
    /// Bits of each member's filter.
    let rows: Int
    /// Bits set for each id.
    let hashes: Int
    let members: Int

    private static let block = 256
    private static let blockOnDisk = 256 + 4

    /// A filter with `bits` per id of the fullest member; nil if there are no ids or too few
    /// bits.
    init?(ids: [[UInt64]], bits: Int) {
        let most = ids.map(\.count).max() ?? 0
        guard most > 0, bits >= 4 else { return nil }
        rows = most * bits
        // ln 2 × bits minimizes false positives.
        hashes = max(1, min(12, bits * 69 / 100))
        members = ids.count
    }

    init?(rows: Int, hashes: Int, members: Int) {
        guard rows > 0, (1...64).contains(hashes), members > 0, rows *| members <= 1 << 53 else {
            return nil
        }
        self.rows = rows
        self.hashes = hashes
        self.members = members
    }

    /// Bits per id that fit into `bytes` for all members.
    static func bits(_ ids: [[UInt64]], within bytes: Int) -> Int {
        // All filters are as long as that of the fullest member.
        let wanted = (ids.map(\.count).max() ?? 0) * ids.count
        guard wanted > 0, bytes > blockOnDisk else { return 0 }
        // 20 bits give about one false positive in ten thousand.
        return min(20, (bytes - blockOnDisk) / blockOnDisk * block * 8 / wanted)
    }

    /// Bytes on disk.
    var length: Int {
        ((rows * members + 7) / 8 + Self.block - 1) / Self.block * Self.blockOnDisk
    }

    private func row(_ i: Int, of id: UInt64) -> Int {
        let step = (id >> 32 | id << 32) | 1
        return Int((id &+ UInt64(i) &* step) % UInt64(rows))
    }

    func encoded(_ ids: [[UInt64]]) -> [UInt8] {
        var bits = [UInt8](
            repeating: 0, count: length / Self.blockOnDisk * Self.block)
        for (member, ids) in ids.enumerated() {
            for id in ids {
                for i in 0..<hashes {
                    let bit = row(i, of: id) * members + member
                    bits[bit >> 3] |= 1 << UInt8(bit & 7)
                }
            }
        }
        var out = ByteWriter()
        for start in stride(from: 0, to: bits.count, by: Self.block) {
            let block = Array(bits[start..<start + Self.block])
            out.append(block)
            out.write(Checksum.crc32(block))
        }
        return out.bytes
    }

    /// The parts of the filter that `candidates` may read.
    func parts(_ id: UInt64) -> [Range<Int>] {
        (0..<hashes).map { i in
            let blocks = blocks(of: i, id)
            return blocks.lowerBound * Self.blockOnDisk..<(blocks.upperBound + 1) * Self.blockOnDisk
        }
    }

    /// The blocks with row `i` of an id.
    private func blocks(of i: Int, _ id: UInt64) -> ClosedRange<Int> {
        let first = row(i, of: id) * members
        return (first / 8 / Self.block)...((first + members - 1) / 8 / Self.block)
    }

    /// Which members may contain `id`; nil if a checksum does not match.
    ///
    /// - Parameter read: Returns `count` bytes from offset `at` of the filter.
    func candidates(
        _ id: UInt64, read: (_ at: Int, _ count: Int) throws(SystemFault) -> [UInt8]
    ) throws(SystemFault) -> [Bool]? {
        var found = [Bool](repeating: true, count: members)
        for i in 0..<hashes where found.contains(true) {
            let first = row(i, of: id) * members
            let blocks = blocks(of: i, id)
            let bytes = try read(
                blocks.lowerBound * Self.blockOnDisk, blocks.count * Self.blockOnDisk)
            guard bytes.count == blocks.count * Self.blockOnDisk, Self.areSound(bytes) else {
                return nil
            }
            for member in 0..<members where found[member] {
                let bit = first + member - blocks.lowerBound * Self.block * 8
                let byte = bit / 8
                let place = byte / Self.block * Self.blockOnDisk + byte % Self.block
                found[member] = bytes[place] & (1 << UInt8(bit & 7)) != 0
            }
        }
        return found
    }

    private static func areSound(_ blocks: [UInt8]) -> Bool {
        blocks.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: blockOnDisk).allSatisfy { start in
                let content = UnsafeRawBufferPointer(rebasing: bytes[start..<start + block])
                return Checksum.crc32(content)
                    == UInt32(
                        littleEndian: bytes.loadUnaligned(
                            fromByteOffset: start + block, as: UInt32.self))
            }
        }
    }
}
