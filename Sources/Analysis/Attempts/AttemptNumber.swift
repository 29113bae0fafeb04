/// Which measurement of a series this is.
public struct AttemptNumber: Sendable, Hashable {
    public enum Source: String, Sendable, Hashable, CaseIterable {
        /// We counted it.
        case counted
        /// The caller stated it.
        case caller
    }

    /// From 1 within the run.
    public var n: Int
    /// Numbers the runs of the series, from 1.
    public var epoch: Int
    public var source: Source

    public init(n: Int, epoch: Int, source: Source = .counted) {
        self.n = n
        self.epoch = epoch
        self.source = source
    }
}
