import Events

/// Which segments were removed and how many lines they contained.
///
/// A reader that resumes late gets the number of lines it missed. Stored in the file `removed`.
struct RemovedSegments: Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        let number: UInt64
        let lines: Int
        /// Bytes of event lines.
        let end: UInt64
    }

    /// Sorted by number.
    private(set) var entries: [Entry] = []

    /// The maximum of entries; older ones are dropped, and lines missed in them are not counted.
    static let most = 1024

    init() {}

    mutating func add(_ entry: Entry) {
        entries.removeAll { $0.number == entry.number }
        let place = entries.firstIndex { entry.number < $0.number }
        entries.insert(entry, at: place ?? entries.count)
        if entries.count > Self.most { entries.removeFirst(entries.count - Self.most) }
    }

    /// Counts lines after `position` in the removed segments before number `next`.
    ///
    /// Exact for whole segments; proportional to the bytes for a segment that was read in part.
    /// Zero for a reader that starts at the oldest available line.
    func lines(after position: LogPosition, before next: UInt64) -> Int {
        guard position.segment > 0 else { return 0 }
        return entries.reduce(0) { sum, entry in
            guard entry.number >= position.segment, entry.number < next else { return sum }
            guard entry.number == position.segment, entry.end > 0 else { return sum +| entry.lines }
            let left = entry.end - min(entry.end, position.offset)
            let part = Double(entry.lines) * Double(left) / Double(entry.end)
            return sum +| Int(saturating: part.rounded())
        }
    }

    /// Counts missing segments from `first` to before `next` that have no record of removal.
    ///
    /// The caller guarantees that none of them exists. Once the list is full, segments before its
    /// oldest entry are not counted.
    func unexplained(from first: UInt64, before next: UInt64) -> Int {
        var first = first
        if entries.count == Self.most, let oldest = entries.first?.number {
            first = max(first, oldest)
        }
        guard first < next else { return 0 }
        let known = entries.count { first <= $0.number && $0.number < next }
        return Int(clamping: next -| first) -| known
    }

    // MARK: - On disk

    private static let magic: UInt64 = 0x314D_4552_4C57_4C42  // "BLWLREM1", little-endian

    var encoded: [UInt8] {
        var out = ByteWriter()
        out.write(Self.magic)
        out.write(UInt64(entries.count))
        for entry in entries {
            out.write(entry.number)
            out.write(UInt64(entry.lines))
            out.write(entry.end)
        }
        return out.sealed()
    }

    /// Reads the file; empty if it is missing or corrupt.
    init(in folder: LogFolder) throws(SystemFault) {
        guard let bytes = try folder.files.contents(folder.file(SegmentName.removed)),
            var input = ByteReader(sealed: bytes), input.read() == Self.magic,
            let count = input.read()
        else { return }
        for _ in 0..<count {
            guard let number = input.read(), let lines = input.readCount(), let end = input.read()
            else { return }
            add(Entry(number: number, lines: lines, end: end))
        }
    }
}
