import CDeflate
import CZlib
import Events
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The line that ends each group commit in a segment that is not sealed yet.
///
/// A group and its commit line share one sync. The line records how many bytes before it are
/// event lines and a checksum over them and itself, so that a torn or damaged tail is detected.
/// Readers never return it, and sealing drops it. The first line of a segment is a commit line
/// without a group: the header.
///
///     {"event":"log.commit","segment":41,"end":1830,"bytes":454,"count":1,"at":1795413600123,"crc":"9f8e7d6c"}
struct CommitLine: Sendable, Equatable {
    var segment: UInt64
    /// Bytes of event lines in the segment up to and including this group.
    var end: UInt64
    /// Bytes of the group's event lines, newlines included.
    var bytes: Int
    /// Lines of the group.
    var count: Int
    /// When the group was accepted.
    var at: Timestamp
    /// In a header: the end of the previous segment. Lines after it were never acknowledged, even
    /// if they are in the file.
    var after: UInt64?

    /// The event name; lines from senders with this name are rejected.
    static let event = "log.commit"
    static let prefix = Array(#"{"event":"log.commit","#.utf8)
    /// Length of `,"crc":"xxxxxxxx"}`, which the checksum does not cover.
    private static let trailer = 18

    static func isOne(_ line: UnsafeRawBufferPointer) -> Bool {
        guard line.count > prefix.count, let start = line.baseAddress else { return false }
        return prefix.withUnsafeBytes { prefix in
            prefix.baseAddress.map { memcmp(start, $0, prefix.count) == 0 } ?? false
        }
    }

    /// The start of the first commit line in `bytes` at or after `start`, where a line must start.
    ///
    /// Goes from line to line, which is faster than a search for the prefix.
    static func first(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var place = start
        while place < bytes.count {
            if isOne(UnsafeRawBufferPointer(rebasing: bytes[place...])) { return place }
            guard let newline = bytes.firstNewline(from: place) else { return nil }
            place = newline +| 1
        }
        return nil
    }

    /// The line's bytes with its newline. `groupChecksum` is the CRC-32 of the group.
    func encoded(groupChecksum: UInt32) -> [UInt8] {
        var text = #"{"event":"log.commit","segment":\#(segment),"end":\#(end)"#
        text += #","bytes":\#(bytes),"count":\#(count),"at":\#(at.milliseconds)"#
        if let after { text += #","after":\#(after)"# }
        var line = Array(text.utf8)
        let checksum = line.withUnsafeBytes { Checksum.crc32($0, continuing: groupChecksum) }
        let hex = String(checksum, radix: 16)
        let padded = String(repeating: "0", count: 8 - hex.count) + hex
        line.append(contentsOf: #","crc":"\#(padded)"}"#.utf8)
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// Reads a commit line, without its newline. Returns nil if the line is incomplete or its
    /// checksum does not match `groupChecksum`.
    init?(_ line: UnsafeRawBufferPointer, groupChecksum: UInt32) {
        guard let claim = Claim(line), claim.fits(groupChecksum) else { return nil }
        self = claim.commit
    }

    /// A parsed commit line whose checksum is not yet compared with the group's bytes.
    struct Claim {
        let commit: CommitLine
        private let checksum: UInt32
        /// The bytes of the line that the checksum covers.
        private let covered: [UInt8]

        /// Returns nil if the line, without its newline, is incomplete.
        init?(_ line: UnsafeRawBufferPointer) {
            guard line.count > CommitLine.prefix.count + CommitLine.trailer else { return nil }
            var segment: Int64?
            var end: Int64?
            var bytes: Int64?
            var count: Int64?
            var at: Int64?
            var after: Int64?
            var checksum: String?
            do throws(JSONFault) {
                try JSONScanner.members(of: line, limits: JSONLimits(maxBytes: 1024, maxDepth: 1)) {
                    key, value throws(JSONFault) in
                    if key.equals("segment", in: line) { segment = value.integer(in: line) }
                    if key.equals("end", in: line) { end = value.integer(in: line) }
                    if key.equals("bytes", in: line) { bytes = value.integer(in: line) }
                    if key.equals("count", in: line) { count = value.integer(in: line) }
                    if key.equals("at", in: line) { at = value.integer(in: line) }
                    if key.equals("after", in: line) { after = value.integer(in: line) }
                    if key.equals("crc", in: line) { checksum = value.text(in: line) }
                }
            } catch { return nil }
            // Each line takes at least one byte, so `count` is at most `bytes`.
            guard let segment, SegmentName.numbers.contains(UInt64(clamping: segment)), let end,
                let bytes,
                let count, let at, let checksum, let sum = UInt32(checksum, radix: 16),
                end >= bytes, bytes >= 0, count >= 0, count <= bytes, (after ?? 0) >= 0,
                max(end, after ?? 0) <= 1 << 53
            else { return nil }
            commit = CommitLine(
                segment: UInt64(segment), end: UInt64(end), bytes: Int(bytes), count: Int(count),
                at: Timestamp(milliseconds: at), after: after.map(UInt64.init))
            self.checksum = sum
            covered = Array(line.dropLast(CommitLine.trailer))
        }

        /// Whether the checksum matches this line after a group with that checksum.
        func fits(_ groupChecksum: UInt32) -> Bool {
            covered.withUnsafeBytes { Checksum.crc32($0, continuing: groupChecksum) } == checksum
        }
    }

    init(
        segment: UInt64, end: UInt64, bytes: Int, count: Int, at: Timestamp, after: UInt64? = nil
    ) {
        self.segment = segment
        self.end = end
        self.bytes = bytes
        self.count = count
        self.at = at
        self.after = after
    }
}

/// CRC-32 as in gzip (RFC 1952 §8).
enum Checksum {
    static func crc32(_ bytes: UnsafeRawBufferPointer, continuing: UInt32 = 0) -> UInt32 {
        guard let start = bytes.baseAddress else { return continuing }
        // libdeflate uses the processor's carry-less multiplication; zlib does not.
        return libdeflate_crc32(continuing, start, bytes.count)
    }

    /// The CRC-32 of the concatenation of two byte sequences, the second of `count` bytes.
    static func crc32(_ first: UInt32, then second: UInt32, of count: Int) -> UInt32 {
        UInt32(CZlib.crc32_combine(uLong(first), uLong(second), numericCast(count)))
    }

    static func crc32(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { crc32($0) } }
}
