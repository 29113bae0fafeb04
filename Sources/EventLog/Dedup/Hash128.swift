/// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein).
///
/// Identifies an id or a sender's sequence. The same in every process and release.
struct Hash128: Sendable, Hashable {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    // 64 bits are enough for a hash table.
    func hash(into hasher: inout Hasher) { hasher.combine(low) }

    /// - Parameter key: Makes hashes of different kinds, or of consecutive parts, independent.
    init(_ bytes: UnsafeRawBufferPointer, key: Hash128 = Hash128(high: 0, low: 0)) {
        var v0 = key.low ^ 0x736f_6d65_7073_6575
        var v1 = key.high ^ 0x646f_7261_6e64_6f6d ^ 0xee
        var v2 = key.low ^ 0x6c79_6765_6e65_7261
        var v3 = key.high ^ 0x7465_6462_7974_6573

        @inline(__always) func round() {
            v0 = v0 &+ v1
            v1 = v1 << 13 | v1 >> 51
            v1 ^= v0
            v0 = v0 << 32 | v0 >> 32
            v2 = v2 &+ v3
            v3 = v3 << 16 | v3 >> 48
            v3 ^= v2
            v0 = v0 &+ v3
            v3 = v3 << 21 | v3 >> 43
            v3 ^= v0
            v2 = v2 &+ v1
            v1 = v1 << 17 | v1 >> 47
            v1 ^= v2
            v2 = v2 << 32 | v2 >> 32
        }

        let whole = bytes.count & ~7
        var at = 0
        while at < whole {
            let word = UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            v3 ^= word
            round()
            round()
            v0 ^= word
            at += 8
        }
        var last = UInt64(bytes.count & 0xff) << 56
        for i in whole..<bytes.count { last |= UInt64(bytes[i]) << UInt64(8 * (i - whole)) }
        v3 ^= last
        round()
        round()
        v0 ^= last

        v2 ^= 0xee
        for _ in 0..<4 { round() }
        low = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xdd
        for _ in 0..<4 { round() }
        high = v0 ^ v1 ^ v2 ^ v3
    }

    init(_ text: String, key: Hash128 = Hash128(high: 0, low: 0)) {
        var text = text
        self = text.withUTF8 { Hash128(UnsafeRawBufferPointer($0), key: key) }
    }
}
