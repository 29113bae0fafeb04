import Events

/// Which segments were removed and how many lines they held, so that a reader
/// which comes back late is told how much it missed. Kept in the file `removed`.
struct RemovedSegments: Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        let number: UInt64
        let lines: Int
        /// Bytes of its lines.
        let end: UInt64
    }

    /// By number.
    private(set) var entries: [Entry] = []

    /// Older ones are forgotten; what a reader missed in them is not counted.
    static let most = 1024

    init() {}

    mutating func add(_ entry: Entry) {
        entries.removeAll { $0.number == entry.number }
        let place = entries.firstIndex { entry.number < $0.number }
        entries.insert(entry, at: place ?? entries.count)
        if entries.count > Self.most { entries.removeFirst(entries.count - Self.most) }
    }

    /// Lines after `position` in the segments before number `next`. Exact for whole
    /// segments; of one that was read in part, in proportion to its bytes. None for
    /// a reader that asks for whatever is there.
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

    /// How many segments from number `first` to before `next`, none of which is there, were
    /// not removed as far as is known. Of those before the oldest entry of a full list nothing
    /// is known.
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

    /// Empty when there is no such file, or its bytes are not as written.
    init(in folder: LogFolder) {
        guard let bytes = try? folder.files.contents(folder.file(SegmentName.removed)),
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
