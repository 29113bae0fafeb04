import Events

/// What a probe may know about the measurement it takes part in.
public struct MeasurementContext: Sendable, Hashable {
    /// The span of data to report on; ends at or before `now`.
    public var window: MeasurementWindow
    /// The time of day at which the measurement began.
    public var now: Timestamp
    /// How long this probe may take. `ProbeSet` fills it in: a little less than
    /// the probe's own deadline, or than the budget when that is shorter.
    public var allowance: Duration

    public init(
        window: MeasurementWindow, now: Timestamp, allowance: Duration = .seconds(1)
    ) {
        self.window = window
        self.now = now
        self.allowance = allowance
    }
}
