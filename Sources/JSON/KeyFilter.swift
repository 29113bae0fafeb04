/// A Bloom filter that detects possible duplicate keys of one object, without allocating.
///
/// Never misses a duplicate. False positives are rare: about one in a hundred objects with
/// twenty keys.
public struct KeyFilter: Sendable {
    /// Two halves of 512 bits, one for each hash function. Not a SIMD vector, because storing one
    /// of its elements writes and reads the whole vector through memory.
    private typealias Words = (
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64,
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
    )
    private var words: Words = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    /// Whether a key may occur twice; check with `JSONScanner.refuseRepeatedKeys`.
    public private(set) var isInDoubt = false

    public init() {}

    /// Adds a key slice of the text `bytes`.
    @inline(__always)
    public mutating func note(_ key: JSONScanner.Slice, in bytes: UnsafeRawBufferPointer) {
        // Escapes are not decoded here, so an escaped key might equal another key.
        if key.escaped { isInDoubt = true }
        note((key.range.lowerBound + 1)..<(key.range.upperBound - 1), in: bytes)
    }

    /// Adds an unescaped key by the range between its quotes.
    @inline(__always)
    public mutating func note(_ key: Range<Int>, in bytes: UnsafeRawBufferPointer) {
        let start = key.lowerBound
        let count = key.count
        var word: UInt64 = 0
        if start + 8 <= bytes.count {
            word = UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
            if count < 8 { word &= (1 << UInt64(8 * count)) &- 1 }
        } else {
            for i in 0..<min(count, 8) { word |= UInt64(bytes[start + i]) << UInt64(8 * i) }
        }
        // Keys with equal length, first 8 bytes and last 8 bytes collide.
        if count > 8 {
            let end = bytes.loadUnaligned(fromByteOffset: start + count - 8, as: UInt64.self)
            word ^= UInt64(littleEndian: end) &* 0xC2B2_AE3D_27D4_EB4F
        }
        var hash = (word ^ UInt64(count)) &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 32
        let one = UInt64(1) << (hash & 63)
        let other = UInt64(1) << (hash >> 9 & 63)
        let (row, otherRow) = (Int(hash >> 6 & 7) * 8, Int(hash >> 15 & 7) * 8 + 64)
        let isKnown = withUnsafeMutableBytes(of: &words) { words in
            let (old, otherOld) = (
                words.load(fromByteOffset: row, as: UInt64.self),
                words.load(fromByteOffset: otherRow, as: UInt64.self)
            )
            words.storeBytes(of: old | one, toByteOffset: row, as: UInt64.self)
            words.storeBytes(of: otherOld | other, toByteOffset: otherRow, as: UInt64.self)
            return old & one != 0 && otherOld & other != 0
        }
        if isKnown { isInDoubt = true }
    }
}

extension JSONScanner {
    /// Throws at the first duplicate key of the validated object `slice`.
    public static func refuseRepeatedKeys(
        of slice: Slice, in bytes: UnsafeRawBufferPointer
    ) throws(JSONFault) {
        // Compares bytes: different encodings of one character are different keys (RFC 8259 §8.3).
        var seen: Set<[UInt8]> = []
        try members(of: slice, in: bytes) { (key, _) throws(JSONFault) in
            guard seen.insert(Array((key.text(in: bytes) ?? "").utf8)).inserted else {
                throw JSONFault(.duplicateKey, at: key.range.lowerBound)
            }
        }
    }
}
