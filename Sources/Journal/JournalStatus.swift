public import Events

/// How the log is, at one moment.
public struct JournalStatus: Sendable, Equatable {
    /// After the last acknowledged line.
    public var head: LogPosition
    /// Why lines are refused; nil while they are taken.
    public var shedding: ShedReason?
    /// The least kind of line that is kept while room is short; nil: all are.
    public var keeps: LineKind?
    public var durability: JournalConfiguration.Durability
    /// Blocks in use by segments and their indexes, and how many `log/` may have.
    public var usedBytes: Int
    public var maxBytes: Int
    /// Sealed segments, and closed ones that wait to be sealed.
    public var archives: Int
    public var unsealed: Int
    /// The oldest segment that can still be read.
    public var oldestSegment: UInt64
    /// Lines since the log was opened.
    public var appended: Int
    public var duplicates: Int
    public var rejected: Int
    /// Lost for want of room, by kind, and refused with the advice to come again.
    public var shed: KindCounts
    public var deferred: Int
    public var isOpen: Bool
}
