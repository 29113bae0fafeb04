/// The time span of the data that an attempt judges.
///
/// All callers within one window length judge the same window.
public struct MeasurementWindow: Sendable, Hashable {
    public let start: Timestamp
    /// Exclusive.
    public let end: Timestamp

    public init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = end
    }

    /// Returns the last settled window: `end = floor((now − settle) / length) · length`,
    /// `start = end − length`.
    ///
    /// - Parameters:
    ///   - length: At least a millisecond; shorter lengths count as one.
    ///   - settle: How long data takes to arrive.
    public init(at now: Timestamp, length: Duration, settle: Duration) {
        let length = max(length.wholeMilliseconds, 1)
        let settled = (now - settle).milliseconds
        let remainder = settled % length
        let end = settled -| (remainder < 0 ? remainder + length : remainder)
        self.init(
            start: Timestamp(milliseconds: end -| length), end: Timestamp(milliseconds: end))
    }

    /// Identifies the window within its run; ascending in time.
    public var id: Int64 { start.milliseconds }
}
