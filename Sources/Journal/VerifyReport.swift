/// What checking every byte of a log found.
public struct VerifyReport: Sendable, Equatable {
    /// A place that is not as it was written.
    public struct Damage: Sendable, Equatable {
        /// The file's name below `log/`.
        public let file: String
        /// Bytes of the file; nil when it is missing altogether.
        public let range: Range<Int>?
        /// Lines that are lost; nil when nobody can tell.
        public let lines: Int?
        public let what: String
        /// Whether `repair` can do nothing: a file is missing or can't be read.
        public var isLost = false
        /// Whether the file is whole now; the lost lines stay lost.
        public var repaired = false
    }

    /// Numbers that are missing within one sender's sequence. Not damage by
    /// itself: the lines may have gone with an older archive, or never come.
    public struct Gap: Sendable, Equatable {
        public let node: String
        public let epoch: String
        /// How many numbers between the first and the last are missing.
        public let missing: Int
    }

    public internal(set) var segments = 0
    public internal(set) var lines = 0
    /// Bytes of lines.
    public internal(set) var bytes = 0
    public internal(set) var damage: [Damage] = []
    /// The most missing first, at most 100 senders.
    public internal(set) var gaps: [Gap] = []

    /// Whether everything is as it was written.
    public var isSound: Bool { damage.isEmpty }
    /// Whether damage is left that a repair could mend.
    public var needsRepair: Bool { damage.contains { !$0.repaired } }
}

extension VerifyReport.Damage {
    /// Acknowledged lines that are missing altogether, with their place in the log.
    init(_ damage: LogDamage, range: Range<Int>? = nil) {
        var what = damage.what
        if let missing = damage.missing {
            what += ", from \(missing.lowerBound) to \(missing.upperBound)"
        }
        self.init(file: damage.file, range: range, lines: damage.lines, what: what)
    }
}
