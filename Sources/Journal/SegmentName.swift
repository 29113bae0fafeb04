import Events

/// The names below `log/`; they alone tell the state of each segment.
///
///     active.jsonl              open: lines are appended
///     active.jsonl.next         the next one being made, not in use yet
///     <first>-<number>.jsonl    closed: complete, plain, waiting to be sealed
///     <…>.jsonl.gz.tmp          being compressed; worthless after a crash
///     <first>-<number>.jsonl.gz sealed; a plain file of the same name is superfluous
///     <first>-<number>.idx      what readers need to skip parts of the sealed one; rebuildable
///     ../ballast                takes room for when the disk is full: `Ballast`
///     head, removed             small files: `HeadFile`, `RemovedSegments`
///     marks, marks.old          small files: `MarksFile`
///     pressure                  while the disk is short of room: `PressureFile`
///     active.jsonl.aside-<at>   what somebody else put in the place of `active.jsonl`
struct SegmentName: Sendable, Hashable, Comparable {
    /// When the segment's first line was accepted, ISO 8601 basic; never before the
    /// segment before it, so that names sort in order though a clock was set back.
    let first: String
    let number: UInt64

    static let active = "active.jsonl"
    static let next = "active.jsonl.next"
    static let head = "head"
    static let marks = "marks"
    static let olderMarks = "marks.old"
    static let removed = "removed"
    static let pressure = "pressure"
    static let temporary = ".tmp"

    /// - Parameter before: The segment before, if any is known.
    init(first: Timestamp, number: UInt64, after before: SegmentName?) {
        self.first = max(first.basic, before?.first ?? "")
        self.number = number
    }

    /// The numbers that segments have; another one is a damaged record.
    static let numbers: ClosedRange<UInt64> = 1...(1 << 53)

    /// The moment that `first` says; nil for a name of somebody else's.
    var began: Timestamp? {
        let digits = Array(first)
        guard digits.count > 15 else { return nil }
        func part(_ range: Range<Int>) -> String { String(digits[range]) }
        return Timestamp(
            rfc3339: part(0..<4) + "-" + part(4..<6) + "-" + part(6..<11) + ":" + part(11..<13)
                + ":" + part(13..<digits.count))
    }

    /// Reads the stem of a file name.
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
