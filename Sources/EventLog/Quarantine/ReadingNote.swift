import Events

/// What one reader is reading, and what was being read when earlier processes ended.
///
///     magic 8 · open (kind 4, segment 8, offset 8, lines 4, checksum 4, deaths 4)
///     · number of suspects 4 · suspects in the same form · zeros · CRC-32
///
/// Written in place with one call and never synced: it must survive the process, not a power
/// failure. A note that is torn or of another version counts as empty.
struct ReadingNote: Sendable, Equatable {
    /// Lines or other work under way, now or when a process ended.
    struct Stretch: Sendable, Equatable {
        enum Kind: UInt32 {
            case several = 1, line = 2
            /// Work on many lines together, identified by the checksum of a key; has no position.
            case work = 3
            /// A part of the log that a query examined. `lines` are its bytes, `checksum` that of
            /// the query.
            case stretch = 4
            /// One line that a query examined alone. `lines` is the checksum of the query.
            case examined = 5
        }

        var kind: Kind
        /// The end of the first line, or a position between its start and its end.
        var from: LogPosition
        /// The number of lines from there on; see `Kind` for queries.
        var lines: UInt32
        /// CRC-32 of a single line, of a key or of a query.
        var checksum: UInt32 = 0
        /// How many processes ended while it was being read.
        var deaths: UInt32 = 0
    }

    /// What is being read now; nil between reads.
    var open: Stretch?
    /// What was being read when an earlier process ended, and was not completed since.
    private(set) var suspects: [Stretch] = []

    static let mostSuspects = 8
    private static let magic: UInt64 = 0x3145_544F_4E57_4C42  // "BLWNOTE1", little-endian
    static let size = 8 + 32 + 4 + mostSuspects * 32 + 4

    /// At the start of a process, turns the note that the previous one left open into a suspect.
    mutating func countDeath() {
        guard let left = open else { return }
        open = nil
        if let known = suspects.firstIndex(where: { $0.isSame(as: left) }) {
            suspects[known].deaths = min(suspects[known].deaths, .max - 1) + 1
            switch left.kind {
            case .several, .line, .work: break
            case .stretch: suspects[known].lines = max(suspects[known].lines, left.lines)
            case .examined: suspects[known].lines = left.lines
            }
            return
        }
        if suspects.count >= Self.mostSuspects,
            let least = suspects.indices.min(by: { suspects[$0].deaths < suspects[$1].deaths })
        {
            suspects.remove(at: least)
        }
        var suspect = left
        suspect.deaths = 1
        suspects.append(suspect)
    }

    /// Returns the suspected single line that ends at `end`.
    func line(endingAt end: LogPosition) -> Stretch? {
        suspects.first { $0.kind == .line && $0.from == end }
    }

    /// Whether a stretch of suspected lines starts at or before `end`.
    ///
    /// `clear(lineEndingAt:)` shortens a stretch and removes it when all its lines were read.
    func isWithinSuspects(_ end: LogPosition) -> Bool {
        suspects.contains { $0.kind == .several && $0.from <= end }
    }

    /// Whether any line is suspected.
    var suspectsLines: Bool { suspects.contains { $0.kind != .work } }

    /// Whether a suspected line may end at or before `end`.
    func hasSuspects(upTo end: LogPosition) -> Bool {
        suspects.contains { $0.kind != .work && $0.from <= end }
    }

    /// Returns the suspected work with this checksum of its key.
    func work(_ checksum: UInt32) -> Stretch? {
        suspects.first { $0.kind == .work && $0.checksum == checksum }
    }

    /// Clears work that was completed without harm, or is no longer done.
    mutating func clear(work checksum: UInt32) {
        suspects.removeAll { $0.kind == .work && $0.checksum == checksum }
    }

    /// Clears the line that ends at `end`, which was read without harm or is no longer read.
    mutating func clear(lineEndingAt end: LogPosition) {
        suspects.removeAll { $0.kind == .line && $0.from == end }
        for i in suspects.indices where suspects[i].kind == .several && suspects[i].from <= end {
            suspects[i].lines -= 1
            suspects[i].from = LogPosition(segment: end.segment, offset: end.offset + 1)
        }
        suspects.removeAll { $0.lines == 0 }
    }

    /// Drops suspected single lines before `end`, which the reader has passed.
    mutating func dropLines(before end: LogPosition) {
        suspects.removeAll { $0.kind == .line && $0.from < end }
    }

    // MARK: - Queries

    /// Whether a stretch or a line that a query examined may hold a line that ends in `stretch`.
    func suspectsAny(in stretch: ClosedRange<LogPosition>) -> Bool {
        suspects.contains { suspect in
            switch suspect.kind {
            case .several, .line, .work: false
            case .stretch:
                suspect.from <= stretch.upperBound && suspect.upTo >= stretch.lowerBound
            case .examined: stretch.contains(suspect.from)
            }
        }
    }

    /// How many processes ended while that line was examined alone, by any query.
    func deaths(examining line: Stretch) -> UInt32 {
        suspects.first { $0.isSame(as: line) }?.deaths ?? 0
    }

    /// Clears a line that its query, or any query, examined without harm.
    mutating func clear(examined line: Stretch, byAnyQuery: Bool = false) {
        suspects.removeAll { $0.isSame(as: line) && (byAnyQuery || $0.lines == line.lines) }
    }

    /// Clears the suspected stretches within `stretch`, whose lines the query with the checksum
    /// `query` examined one by one without harm.
    mutating func clear(stretchesIn stretch: ClosedRange<LogPosition>, query: UInt32) {
        suspects.removeAll {
            $0.kind == .stretch && $0.checksum == query && $0.from >= stretch.lowerBound
                && $0.upTo <= stretch.upperBound
        }
    }

    // MARK: - On disk

    var encoded: [UInt8] {
        var out = ByteWriter()
        out.write(Self.magic)
        Self.write(open, to: &out)
        out.write(UInt32(suspects.count))
        for i in 0..<Self.mostSuspects {
            Self.write(i < suspects.count ? suspects[i] : nil, to: &out)
        }
        return out.sealed()
    }

    init() {}

    /// Decodes a note; nil unless `bytes` are the result of `encoded`.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size, var input = ByteReader(sealed: bytes),
            input.read() == Self.magic
        else { return nil }
        open = Self.read(&input)
        guard let count = input.readShort(), count <= Self.mostSuspects else { return nil }
        for _ in 0..<count {
            guard let suspect = Self.read(&input) else { return nil }
            suspects.append(suspect)
        }
    }

    private static func write(_ stretch: Stretch?, to out: inout ByteWriter) {
        out.write(stretch?.kind.rawValue ?? 0)
        out.write(stretch?.from.segment ?? 0)
        out.write(stretch?.from.offset ?? 0)
        out.write(stretch?.lines ?? 0)
        out.write(stretch?.checksum ?? 0)
        out.write(stretch?.deaths ?? 0)
    }

    private static func read(_ input: inout ByteReader) -> Stretch? {
        guard let kind = input.readShort(), let segment = input.read(), let offset = input.read(),
            let lines = input.readShort(), let checksum = input.readShort(),
            let deaths = input.readShort(), let known = Stretch.Kind(rawValue: kind), lines > 0
        else { return nil }
        return Stretch(
            kind: known, from: LogPosition(segment: segment, offset: offset), lines: lines,
            checksum: checksum, deaths: deaths)
    }
}

extension ReadingNote.Stretch {
    /// Whether both are the same lines or work: compares kind, start and checksum.
    fileprivate func isSame(as other: Self) -> Bool {
        kind == other.kind && from == other.from && checksum == other.checksum
    }

    /// The end of a part of the log that a query examined.
    fileprivate var upTo: LogPosition {
        LogPosition(segment: from.segment, offset: from.offset +| UInt64(clamping: lines))
    }
}
