import Events

/// The input of one measurement by a probe.
public struct MeasurementContext: Sendable, Hashable {
    /// The time span of the data to report; ends at or before `now`.
    public var window: MeasurementWindow
    /// The wall-clock time at which the measurement began.
    public var now: Timestamp
    /// The time that this probe may take. `ProbeSet` sets it to slightly less than the probe's
    /// deadline or the budget, whichever is shorter.
    public var allowance: Duration

    public init(
        window: MeasurementWindow, now: Timestamp, allowance: Duration = .seconds(1)
    ) {
        self.window = window
        self.now = now
        self.allowance = allowance
    }
}
