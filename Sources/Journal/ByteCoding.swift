/// Little-endian words with a checksum at the end: the form of our own side files.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ word: UInt64) {
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ word: UInt32) {
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Seven bits a byte, the low ones first; not negative.
    mutating func write(varint number: Int) {
        var rest = UInt64(number)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func write(_ hash: Hash128) {
        write(hash.high)
        write(hash.low)
    }

    /// Bytes as they are.
    mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    /// A count and as many bytes.
    mutating func write(_ text: [UInt8]) {
        write(UInt32(text.count))
        bytes.append(contentsOf: text)
    }

    /// The bytes with their CRC-32 appended.
    consuming func sealed() -> [UInt8] {
        write(Checksum.crc32(bytes))
        return bytes
    }
}

/// Reads what `ByteWriter` wrote; every read beyond the end is nil.
struct ByteReader {
    private let bytes: [UInt8]
    private var at = 0
    private let end: Int

    /// nil unless the checksum fits.
    init?(sealed bytes: [UInt8]) {
        guard bytes.count >= 4 else { return nil }
        self.bytes = bytes
        end = bytes.count - 4
        let stored = bytes.withUnsafeBytes {
            UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: bytes.count - 4, as: UInt32.self))
        }
        let found = bytes.withUnsafeBytes {
            Checksum.crc32(UnsafeRawBufferPointer(rebasing: $0[..<(bytes.count - 4)]))
        }
        guard stored == found else { return nil }
    }

    mutating func read() -> UInt64? {
        guard at + 8 <= end else { return nil }
        defer { at += 8 }
        return bytes.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        }
    }

    /// A word that counts lines or bytes. Nothing on disk has more than 2^53 of them: a word
    /// that says so is damage, and reads as nil.
    mutating func readCount() -> Int? {
        guard let word = read(), word <= 1 << 53 else { return nil }
        return Int(word)
    }

    mutating func readShort() -> UInt32? {
        guard at + 4 <= end else { return nil }
        defer { at += 4 }
        return bytes.withUnsafeBytes {
            UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        }
    }

    mutating func readVarint() -> Int? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            guard at < end else { return nil }
            let byte = bytes[at]
            at += 1
            number |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return Int(exactly: number) }
        }
        return nil
    }

    mutating func readHash() -> Hash128? {
        guard let high = read(), let low = read() else { return nil }
        return Hash128(high: high, low: low)
    }

    mutating func readText() -> [UInt8]? {
        guard let count = readShort(), at + Int(count) <= end else { return nil }
        defer { at += Int(count) }
        return Array(bytes[at..<at + Int(count)])
    }

    var isAtEnd: Bool { at == end }
}
