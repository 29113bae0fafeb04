import Events

/// The name of a segment; file names in `log/` alone determine the state of each segment.
///
///     active.jsonl              open: lines are appended
///     active.jsonl.next         the next open segment in preparation, not in use yet
///     <first>-<number>.jsonl    closed: complete, uncompressed, waiting to be sealed
///     <…>.jsonl.gz.tmp          being compressed; deleted after a crash
///     <first>-<number>.jsonl.gz sealed; replaces the closed file of the same name
///     <first>-<number>.idx      index for skipping parts of the sealed segment; can be rebuilt
///     ../ballast                reserves disk space for when the disk is full: `Ballast`
///     head, removed             small files: `HeadFile`, `RemovedSegments`
///     marks, marks.old          small files: `DedupIndexFile`
///     pressure                  exists while the disk is low on space: `PressureFile`
///     clock                     exists while a step of the clock does not count: `ClockFile`
///     shipped                   up to which segment a store has the archives: `ShippedFile`
///     active.jsonl.aside-<at>   a foreign file that had replaced `active.jsonl`
struct SegmentName: Sendable, Hashable, Comparable {
    /// When the segment's first line was accepted, in ISO 8601 basic format.
    ///
    /// Never earlier than in the previous segment's name, so that names sort in order even if
    /// the clock is set back.
    let first: String
    let number: UInt64

    static let active = "active.jsonl"
    static let next = "active.jsonl.next"
    static let head = "head"
    static let marks = "marks"
    static let olderMarks = "marks.old"
    static let removed = "removed"
    static let pressure = "pressure"
    static let clock = "clock"
    static let shipped = "shipped"
    static let temporary = ".tmp"

    /// - Parameter before: The previous segment, if known.
    init(first: Timestamp, number: UInt64, after before: SegmentName?) {
        self.first = max(first.basic, before?.first ?? "")
        self.number = number
    }

    /// The valid segment numbers; any other number means a damaged record.
    static let numbers: ClosedRange<UInt64> = 1...(1 << 53)

    /// The time in `first`; nil if the name was not made by the log.
    var began: Timestamp? {
        let digits = Array(first)
        guard digits.count > 15 else { return nil }
        func part(_ range: Range<Int>) -> String { String(digits[range]) }
        return Timestamp(
            rfc3339: part(0..<4) + "-" + part(4..<6) + "-" + part(6..<11) + ":" + part(11..<13)
                + ":" + part(13..<digits.count))
    }

    /// Parses a file name without its extension.
    init?(stem: some StringProtocol) {
        guard let dash = stem.lastIndex(of: "-") else { return nil }
        let digits = stem[stem.index(after: dash)...]
        guard digits.count >= 6, digits.utf8.allSatisfy({ $0 &- 0x30 < 10 }),
            let number = UInt64(digits), Self.numbers.contains(number)
        else { return nil }
        first = String(stem[..<dash])
        self.number = number
    }

    var stem: String {
        let digits = String(number)
        return first + "-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    var plain: String { stem + ".jsonl" }
    var archive: String { stem + ".jsonl.gz" }
    var index: String { stem + ".idx" }

    static func < (a: SegmentName, b: SegmentName) -> Bool {
        (a.number, a.first) < (b.number, b.first)
    }
}
