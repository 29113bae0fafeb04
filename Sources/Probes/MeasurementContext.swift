public import Arguments
import Events

/// The input of one measurement by a probe.
public struct MeasurementContext: Sendable, Hashable {
    /// The time span of the data to report; ends at or before `now`.
    public var window: MeasurementWindow
    /// The wall-clock time at which the measurement began.
    public var now: Timestamp
    /// The values of the request that probes use, and the length of the window; an argument that
    /// the request lacks is missing.
    public var arguments: MeasurementArguments
    /// The time that this probe may take. `ProbeSet` sets it to slightly less than the probe's
    /// deadline or the budget, whichever is shorter.
    public var allowance: Duration

    public init(
        window: MeasurementWindow, now: Timestamp,
        arguments: MeasurementArguments = MeasurementArguments(),
        allowance: Duration = .seconds(1)
    ) {
        self.window = window
        self.now = now
        let length = (window.end - window.start).wholeMilliseconds
        self.arguments = arguments.setting(.window, "\(length)ms")
        self.allowance = allowance
    }
}
