/// Limits of the memory for detecting duplicate lines.
///
/// When a limit is exceeded, the oldest entries are dropped: an old line may then be accepted
/// twice, but a new line is never rejected.
public struct DedupLimits: Sendable, Equatable {
    /// Sequences, one for each `(node, epoch)`.
    public var streams: Int
    /// Separate runs of numbers within one sequence: one more than its gaps.
    public var runsPerStream: Int
    /// Ids of lines without a sequence number.
    public var ids: Int

    public init(streams: Int = 65_536, runsPerStream: Int = 256, ids: Int = 262_144) {
        self.streams = streams
        self.runsPerStream = runsPerStream
        self.ids = ids
    }
}
