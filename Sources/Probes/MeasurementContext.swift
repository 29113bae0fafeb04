import Events

/// What a probe may know about the measurement it takes part in.
public struct MeasurementContext: Sendable, Hashable {
    /// The series' id, 16 hex digits: measurements of one series compare with each other.
    public var series: String
    /// The time of day at which the measurement began.
    public var now: Timestamp
    /// The expected time between two measurements of the series.
    public var interval: Duration
    /// How long this probe may take. `ProbeSet` fills it in: a little less than
    /// the probe's own deadline, or than the budget when that is shorter.
    public var allowance: Duration

    public init(
        series: String, now: Timestamp, interval: Duration, allowance: Duration = .seconds(1)
    ) {
        self.series = series
        self.now = now
        self.interval = interval
        self.allowance = allowance
    }
}
