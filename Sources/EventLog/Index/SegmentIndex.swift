import Events

/// The members of a sealed segment: their offsets, sizes and times.
///
/// Stored in the index file beside the archive; can be rebuilt from the archive.
struct SegmentIndex: Sendable, Equatable {
    /// One gzip member.
    struct Member: Sendable, Equatable {
        /// Offset of the member in the archive.
        var offset: Int
        var packed: Int
        /// Offset of its first line among the segment's lines.
        var start: UInt64
        var plain: Int
        var lines: Int
        /// The earliest and latest `ts` of its lines, in milliseconds.
        var earliest: Int64
        var latest: Int64
        /// Whether the index covers the fields of all its lines.
        var isKnown = true
        /// Whether it is known to be damaged or missing.
        var isUnreadable = false
        /// Whether its header is damaged, so its size is unknown and it may be several members.
        /// Counts as one line of one byte.
        var isHeadless = false

        var end: UInt64 { start + UInt64(plain) }
    }

    var members: [Member] = []
    /// When the last group of the segment was accepted.
    var closedAt: Timestamp

    init(closedAt: Timestamp) { self.closedAt = closedAt }

    /// Bytes of event lines in the segment.
    var end: UInt64 { members.last?.end ?? 0 }
    /// Where the last member ends in the archive.
    var packed: Int { members.last.map { $0.offset + $0.packed } ?? 0 }
    var lines: Int { members.reduce(0) { $0 +| $1.lines } }
    var earliest: Int64? { members.map(\.earliest).min() }
    var latest: Int64? { members.map(\.latest).max() }
    /// Lines that are known to be damaged or missing.
    var unreadable: Int { members.reduce(0) { $0 +| ($1.isUnreadable ? $1.lines : 0) } }

    /// Returns the index of the first member that has bytes after `offset`.
    func member(after offset: UInt64) -> Int {
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if members[middle].end <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
