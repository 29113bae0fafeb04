/// Tells, in two words and without memory, whether an object may hold a key twice:
/// a Bloom filter over the keys that were noted. Doubt is rare and never missed.
public struct KeyFilter: Sendable {
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    /// Whether a key may have been noted twice: look with
    /// `JSONScanner.refuseRepeatedKeys`.
    public private(set) var isInDoubt = false

    public init() {}

    /// Notes a key slice of the text `bytes`.
    @inline(__always)
    public mutating func note(_ key: JSONScanner.Slice, in bytes: UnsafeRawBufferPointer) {
        // What the escapes stand for is not looked into here.
        if key.escaped { isInDoubt = true }
        let start = key.range.lowerBound + 1
        let count = key.range.count - 2
        var word: UInt64 = 0
        if start + 8 <= bytes.count {
            word = UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
            if count < 8 { word &= (1 << UInt64(8 * count)) &- 1 }
        } else {
            for i in 0..<min(count, 8) { word |= UInt64(bytes[start + i]) << UInt64(8 * i) }
        }
        // Keys that agree in eight bytes and in length and last byte meet in doubt.
        let last = count > 8 ? UInt64(bytes[start + count - 1]) : 0
        let hash = (word ^ UInt64(count) ^ last << 32) &* 0x9E37_79B9_7F4A_7C15
        let one = UInt64(1) << (hash >> 58)
        let other = UInt64(1) << ((hash >> 52) & 63)
        if first & one != 0, second & other != 0 { isInDoubt = true }
        first |= one
        second |= other
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
