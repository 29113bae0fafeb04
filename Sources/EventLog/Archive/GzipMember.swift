import Core

/// One gzip member (RFC 1952) whose header contains its length.
///
/// The extra field `BW` contains the length of the member, the length of its lines and their
/// number, so that a reader can skip members without decompressing them. Any gzip tool reads the
/// concatenation of members.
enum GzipMember {
    /// The contents of the extra field.
    struct Sizes: Sendable, Equatable {
        /// Bytes of the member, header and trailer included.
        var packed: Int
        /// Bytes of its lines.
        var plain: Int
        var lines: Int
    }

    /// Fixed header, extra length, subfield header and three 32-bit words.
    static let headerLength = 10 + 2 + 4 + 12
    private static let trailerLength = 8
    /// Minimum number of bytes of a member.
    static let leastPacked = headerLength + trailerLength + 1

    /// Compresses `plain` at level 1…9; returns nil if memory is short.
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

    /// Reads a member's header; nil if these bytes do not start a member of this format.
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
        // Each line takes at least one byte, so `lines` is at most `plain`.
        guard sizes.packed >= leastPacked, sizes.packed <= maxPacked, sizes.plain <= maxPlain,
            sizes.lines <= sizes.plain
        else { return nil }
        return sizes
    }

    /// Maximum bytes of lines in a member. Keeps a damaged header from causing a larger
    /// allocation.
    static let maxPlain = 1 << 20
    /// Maximum bytes of a member; incompressible data grows by less than the difference.
    static let maxPacked = maxPlain + 64 * 1024

    /// The lines of one member; nil if it is damaged.
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

    /// Whether a member's header and trailer are as `pack` writes them, for `lines` lines.
    ///
    /// Checks the bytes that readers ignore.
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

/// Compresses bodies of requests. It is here because the log has the compressor.
public enum GzipBody {
    /// Below this size a body is sent as it is.
    private static let leastBytes = 200

    /// Returns one gzip member of `plain`; nil if that is not shorter, or memory is short.
    ///
    /// Runs outside the cooperative pool.
    public static func packed(_ plain: [UInt8]) async -> [UInt8]? {
        guard plain.count >= leastBytes else { return nil }
        let packed = await BlockingExecutor.log.run {
            plain.withUnsafeBytes {
                GzipMember.pack($0, lines: 0, with: Deflater(level: 6), level: 6)
            }
        }
        return packed.flatMap { $0.count < plain.count ? $0 : nil }
    }
}
