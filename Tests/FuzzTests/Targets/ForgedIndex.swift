@testable import EventLog

/// An index whose parts are changed and whose checksums are recalculated, as by someone with write
/// access to the folder or who supplies a copy (see `IndexLayout`).
struct ForgedIndex {
    private var bytes: [UInt8]
    /// Parts that each end with a checksum.
    private let parts: [Range<Int>]

    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        guard bytes.count >= IndexLayout.preamble else { return nil }
        let head = IndexLayout.preamble..<Self.word(bytes, 8)
        guard head.count > 8, head.upperBound <= bytes.count else { return nil }
        var parts = [head]
        let base = head.upperBound
        var at = head.lowerBound + 6 * 8 + 4
        func next() -> Int {
            defer { at += 4 }
            return Self.word(bytes, at)
        }
        parts.append(base..<base + next())
        _ = next()
        for _ in 0..<next() {
            at += next() + 4
            for _ in 0..<2 {
                let start = base + next()
                parts.append(start..<start + next())
            }
        }
        // Blocks of the filter: 256 bytes and a checksum.
        for start in stride(from: base + next(), to: bytes.count, by: 260) {
            parts.append(start..<start + 260)
        }
        self.parts = parts
    }

    private static func word(_ bytes: [UInt8], _ at: Int) -> Int {
        guard at >= 0, at + 4 <= bytes.count else { return 0 }
        return (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }

    mutating func change(at place: Int, _ value: UInt8) {
        if !bytes.isEmpty { bytes[place % bytes.count] ^= value }
    }

    /// The bytes with valid checksums.
    var sealed: [UInt8] {
        var bytes = bytes
        for part in parts where part.upperBound <= bytes.count && part.count > 4 {
            let end = part.upperBound - 4
            let checksum = Checksum.crc32(Array(bytes[part.lowerBound..<end]))
            for i in 0..<4 { bytes[end + i] = UInt8(truncatingIfNeeded: checksum >> (8 * i)) }
        }
        return bytes
    }
}
