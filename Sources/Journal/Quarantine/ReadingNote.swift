import Events

/// What one reader is reading, and which lines were being read when the process ended.
///
///     magic 8 · open (kind 4, segment 8, offset 8, lines 4, checksum 4, deaths 4)
///     · count of suspects 4 · as many suspects in the same form · zeros · CRC-32
///
/// Written in place with one call and never synced: it has to outlive the process, not the
/// machine. A record that is torn, or of another version, counts as none.
struct ReadingNote: Sendable, Equatable {
    /// Lines that were being read when a process ended, or that are being read now.
    struct Stretch: Sendable, Equatable {
        enum Kind: UInt32 {
            case several = 1, line = 2
            /// What many lines make together, named by the checksum of a key; no place.
            case work = 3
        }

        var kind: Kind
        /// The end of the first line, or a place between its start and its end.
        var from: LogPosition
        /// How many lines from there on.
        var lines: UInt32
        /// CRC-32 of the bytes of a single line, or of a key.
        var checksum: UInt32 = 0
        /// How many processes ended while it was being read.
        var deaths: UInt32 = 0
    }

    /// What is being read at this moment; nil between reads.
    var open: Stretch?
    /// What was being read when an earlier process ended, and was not read whole since.
    private(set) var suspects: [Stretch] = []

    static let mostSuspects = 8
    private static let magic: UInt64 = 0x3145_544F_4E57_4C42  // "BLWNOTE1", little-endian
    static let size = 8 + 32 + 4 + mostSuspects * 32 + 4

    /// At the start of a process: what the one before left open is under suspicion.
    mutating func countDeath() {
        guard let left = open else { return }
        open = nil
        if let known = suspects.firstIndex(where: { $0.isSame(as: left) }) {
            suspects[known].deaths = min(suspects[known].deaths, .max - 1) + 1
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

    /// The single line under suspicion that ends at `end`.
    func line(endingAt end: LogPosition) -> Stretch? {
        suspects.first { $0.kind == .line && $0.from == end }
    }

    /// Whether a line that ends at `end` is among several under suspicion.
    func isWithinSuspects(_ end: LogPosition) -> Bool {
        suspects.contains { $0.kind == .several && $0.from <= end }
    }

    /// Whether a line is under suspicion.
    var suspectsLines: Bool { suspects.contains { $0.kind != .work } }

    /// Whether a line under suspicion may end at or before `end`.
    func hasSuspects(upTo end: LogPosition) -> Bool {
        suspects.contains { $0.kind != .work && $0.from <= end }
    }

    /// The work under suspicion with that key's checksum.
    func work(_ checksum: UInt32) -> Stretch? {
        suspects.first { $0.kind == .work && $0.checksum == checksum }
    }

    /// The work with that key's checksum was done without harm, or is not done any more.
    mutating func clear(work checksum: UInt32) {
        suspects.removeAll { $0.kind == .work && $0.checksum == checksum }
    }

    /// The line that ends at `end` was read without harm, or is not read any more.
    mutating func clear(lineEndingAt end: LogPosition) {
        suspects.removeAll { $0.kind == .line && $0.from == end }
        for i in suspects.indices where suspects[i].kind == .several && suspects[i].from <= end {
            suspects[i].lines -= 1
            suspects[i].from = LogPosition(segment: end.segment, offset: end.offset + 1)
        }
        suspects.removeAll { $0.lines == 0 }
    }

    /// The reader is at `end`: single lines before it are not there for it any more.
    mutating func dropLines(before end: LogPosition) {
        suspects.removeAll { $0.kind == .line && $0.from < end }
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

    /// nil unless `bytes` are what `encoded` gave.
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
    /// Whether it is about the same lines: a single one by its place and bytes, several by
    /// where they begin.
    fileprivate func isSame(as other: Self) -> Bool {
        kind == other.kind && from == other.from && checksum == other.checksum
    }
}
