/// Writes the log's side files: little-endian words, with a checksum at the end.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ word: UInt64) {
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ word: UInt32) {
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Writes a non-negative number as LEB128: seven bits a byte, low bits first.
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

    /// Appends bytes without a length.
    mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    /// Writes a 32-bit count, then the bytes.
    mutating func write(_ text: [UInt8]) {
        write(UInt32(text.count))
        bytes.append(contentsOf: text)
    }

    /// Returns the bytes with their CRC-32 appended.
    consuming func sealed() -> [UInt8] {
        write(Checksum.crc32(bytes))
        return bytes
    }
}

/// Reads what `ByteWriter` wrote; a read beyond the end returns nil.
struct ByteReader {
    private let bytes: [UInt8]
    private var at = 0
    private let end: Int

    /// Returns nil if the checksum does not match.
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

    /// Reads a count of lines or bytes. Returns nil above 2^53: no file reaches that, so the word
    /// is damaged.
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
