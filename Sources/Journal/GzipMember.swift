/// One gzip member (RFC 1952) whose header says how long it is.
///
/// The extra field `BW` holds the member's whole length, the length of its
/// lines and their count, so that a reader can step from member to member
/// without inflating. Any gzip tool reads the concatenation.
enum GzipMember {
    /// What the extra field says.
    struct Sizes: Sendable, Equatable {
        /// Bytes of the member, header and trailer included.
        var packed: Int
        /// Bytes of the lines in it.
        var plain: Int
        var lines: Int
    }

    /// Fixed header, extra length, subfield header, three words.
    static let headerLength = 10 + 2 + 4 + 12
    private static let trailerLength = 8
    /// No member has fewer bytes.
    static let leastPacked = headerLength + trailerLength + 1

    /// Compresses `plain` at zlib level 1…9.
    static func pack(
        _ plain: UnsafeRawBufferPointer, lines: Int, with deflater: Deflater, level: Int32
    ) -> [UInt8]? {
        guard let body = deflater.deflate(plain, level: level) else { return nil }
        var member = ByteWriter()
        member.append([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, level == 9 ? 2 : level == 1 ? 4 : 0, 255])
        member.append([16, 0, UInt8(ascii: "B"), UInt8(ascii: "W"), 12, 0])
        member.write(UInt32(headerLength + body.count + trailerLength))
        member.write(UInt32(plain.count))
        member.write(UInt32(lines))
        member.append(body)
        member.write(Checksum.crc32(plain))
        member.write(UInt32(truncatingIfNeeded: plain.count))
        return member.bytes
    }

    /// Reads a member's header; nil when these bytes don't start one of ours.
    static func sizes(_ header: UnsafeRawBufferPointer) -> Sizes? {
        guard header.count >= headerLength, header[0] == 0x1f, header[1] == 0x8b, header[2] == 8,
            header[3] == 4, header[10] == 16, header[11] == 0,
            header[12] == UInt8(ascii: "B"), header[13] == UInt8(ascii: "W"),
            header[14] == 12, header[15] == 0
        else { return nil }
        func word(_ at: Int) -> Int {
            Int(UInt32(littleEndian: header.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
        }
        let sizes = Sizes(packed: word(16), plain: word(20), lines: word(24))
        // A line takes two bytes at least.
        guard sizes.packed >= leastPacked, sizes.packed <= maxPacked, sizes.plain <= maxPlain,
            sizes.lines <= sizes.plain
        else { return nil }
        return sizes
    }

    /// No member of ours holds more; a damaged header must not make us allocate more.
    static let maxPlain = 1 << 20
    /// Nor takes more: what can't be compressed grows by less than that.
    static let maxPacked = maxPlain + 64 * 1024

    /// The lines of one member; nil when a byte is not as it was written.
    static func unpack(_ member: UnsafeRawBufferPointer, with inflater: Inflater) -> [UInt8]? {
        guard let sizes = sizes(member), sizes.packed == member.count else { return nil }
        let body = UnsafeRawBufferPointer(
            rebasing: member[headerLength..<(member.count - trailerLength)])
        guard let plain = inflater.inflate(body, expecting: sizes.plain) else { return nil }
        let checksum = UInt32(
            littleEndian: member.loadUnaligned(
                fromByteOffset: member.count - trailerLength, as: UInt32.self))
        return Checksum.crc32(plain) == checksum ? plain : nil
    }

    /// Whether what surrounds the lines of a member is as `pack` writes it: readers do
    /// without these bytes. `lines` is how many it holds.
    static func isAsWritten(_ member: UnsafeRawBufferPointer, lines: Int) -> Bool {
        guard let sizes = sizes(member), sizes.packed == member.count, sizes.lines == lines else {
            return false
        }
        let length = UInt32(
            littleEndian: member.loadUnaligned(
                fromByteOffset: member.count - 4, as: UInt32.self))
        return member[4..<8].allSatisfy { $0 == 0 } && [0, 2, 4].contains(member[8])
            && member[9] == 255 && length == UInt32(truncatingIfNeeded: sizes.plain)
    }
}
