/// The span of data that an attempt judges: every caller who asks within the
/// same length of time judges the same window.
public struct MeasurementWindow: Sendable, Hashable {
    public let start: Timestamp
    /// Excluded.
    public let end: Timestamp

    public init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = end
    }

    /// `end = floor((now − settle) / length) · length`, `start = end − length`.
    ///
    /// - Parameters:
    ///   - length: At least a millisecond; shorter is taken as one.
    ///   - settle: How long data takes to arrive.
    public init(at now: Timestamp, length: Duration, settle: Duration) {
        let length = max(length.wholeMilliseconds, 1)
        let settled = (now - settle).milliseconds
        let remainder = settled % length
        let end = settled -| (remainder < 0 ? remainder + length : remainder)
        self.init(
            start: Timestamp(milliseconds: end -| length), end: Timestamp(milliseconds: end))
    }

    /// Names the window among those of its run, ascending.
    public var id: Int64 { start.milliseconds }
}
