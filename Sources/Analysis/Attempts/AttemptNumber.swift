/// The number of an attempt within its series.
public struct AttemptNumber: Sendable, Hashable {
    public enum Source: String, Sendable, Hashable, CaseIterable {
        /// Counted by this node.
        case counted
        /// Sent by the caller.
        case caller
    }

    /// From 1 within the run.
    public var n: Int
    /// The number of the run within the series, from 1.
    public var epoch: Int
    public var source: Source

    public init(n: Int, epoch: Int, source: Source = .counted) {
        self.n = n
        self.epoch = epoch
        self.source = source
    }
}
