/// The result of checking every byte of a log.
public struct VerifyReport: Sendable, Equatable {
    /// A part of the log that is missing or corrupt.
    public struct Damage: Sendable, Equatable {
        /// The file's name below `log/`.
        public let file: String
        /// Damaged bytes of the file; nil if the damage is not a range of bytes.
        public let range: Range<Int>?
        /// Lines that are lost; nil if their number is unknown.
        public let lines: Int?
        public let what: String
        /// Whether the file is unreadable, which `repair` cannot fix.
        public var isLost = false
        /// Whether the file was repaired; lost lines stay lost.
        public var repaired = false
    }

    /// Missing numbers in one sender's sequence.
    ///
    /// Not necessarily damage: the lines may have been removed with an older archive, or never
    /// sent.
    public struct Gap: Sendable, Equatable {
        public let node: String
        public let epoch: String
        /// How many numbers between the first and the last are missing.
        public let missing: Int
    }

    public internal(set) var segments = 0
    public internal(set) var lines = 0
    /// Bytes of event lines.
    public internal(set) var bytes = 0
    public internal(set) var damage: [Damage] = []
    /// The largest gaps first, at most 100 senders.
    public internal(set) var gaps: [Gap] = []

    /// Whether the log is intact.
    public var isSound: Bool { damage.isEmpty }
    /// Whether there is damage that was not repaired.
    public var needsRepair: Bool { damage.contains { !$0.repaired } }
}

extension VerifyReport.Damage {
    /// Makes an entry for missing acknowledged lines, with their positions in the log.
    init(_ damage: LogDamage, range: Range<Int>? = nil) {
        var what = damage.what
        if let missing = damage.missing {
            what += ", from \(missing.lowerBound) to \(missing.upperBound)"
        }
        self.init(file: damage.file, range: range, lines: damage.lines, what: what)
    }
}
