/// What senders may make the log remember; beyond it the oldest is forgotten,
/// which can let an old line in twice, never keep a new one out.
public struct MarkLimits: Sendable, Equatable {
    /// Sequences, one for each `(node, epoch)`.
    public var streams: Int
    /// Separate runs of numbers within one sequence; gaps are one fewer.
    public var runsPerStream: Int
    /// Ids of lines without a sequence.
    public var ids: Int

    public init(streams: Int = 65_536, runsPerStream: Int = 256, ids: Int = 262_144) {
        self.streams = streams
        self.runsPerStream = runsPerStream
        self.ids = ids
    }
}
