/// Tells, without memory of its own, whether an object may hold a key twice: a Bloom filter
/// over the keys that were noted. Doubt is rare (one object of twenty keys in a hundred) and
/// never missed.
public struct KeyFilter: Sendable {
    /// Sixteen words: one function each over 512 bits. No vector: a word of one is written
    /// through memory, and the whole read back.
    private typealias Words = (
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64,
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
    )
    private var words: Words = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    /// Whether a key may have been noted twice: look with
    /// `JSONScanner.refuseRepeatedKeys`.
    public private(set) var isInDoubt = false

    public init() {}

    /// Notes a key slice of the text `bytes`.
    @inline(__always)
    public mutating func note(_ key: JSONScanner.Slice, in bytes: UnsafeRawBufferPointer) {
        // What the escapes stand for is not looked into here.
        if key.escaped { isInDoubt = true }
        note((key.range.lowerBound + 1)..<(key.range.upperBound - 1), in: bytes)
    }

    /// Notes a key without escapes by the range between its quotes.
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
        // Keys that agree in their length and in the eight bytes at each end meet in doubt.
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
    /// Throws at the first key of the object `slice` (validated before) that
    /// occurred in it already.
    public static func refuseRepeatedKeys(
        of slice: Slice, in bytes: UnsafeRawBufferPointer
    ) throws(JSONFault) {
        // As bytes: two spellings of one letter are two keys (RFC 8259 §8.3).
        var seen: Set<[UInt8]> = []
        try members(of: slice, in: bytes) { (key, _) throws(JSONFault) in
            guard seen.insert(Array((key.text(in: bytes) ?? "").utf8)).inserted else {
                throw JSONFault(.duplicateKey, at: key.range.lowerBound)
            }
        }
    }
}
