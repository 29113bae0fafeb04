public import Events

/// The state of the log at one moment.
public struct EventLogStatus: Sendable, Equatable {
    /// The position after the last acknowledged line.
    public var head: LogPosition
    /// Why lines are refused; nil while they are accepted.
    public var shedding: ShedReason?
    /// The lowest kind of line that is kept while space is short; nil if all kinds are.
    public var keeps: LineKind?
    public var durability: EventLogConfiguration.Durability
    /// Bytes of disk blocks used by segments and indexes, and the quota of `log/`.
    public var usedBytes: Int
    public var maxBytes: Int
    /// Number of sealed segments, and of closed ones that wait to be sealed.
    public var archives: Int
    public var unsealed: Int
    /// Number of the oldest sealed segment; of the open segment if none is sealed.
    public var oldestSegment: UInt64
    /// Numbers of lines since the log was opened.
    public var appended: Int
    public var duplicates: Int
    public var rejected: Int
    /// Lines lost because space was short, by kind, and lines whose senders were asked to retry.
    public var shed: KindCounts
    public var deferred: Int
    public var isOpen: Bool
}
