public import Logging

/// The wall clock was set. Deadlines are moved by the same step, so waits keep their length.
public struct ClockSet: TelemetryEvent {
    private let part: String
    private let step: Duration

    /// - Parameters:
    ///   - part: The owner of the deadlines: `digests`, `deliveries` or `attempts`.
    ///   - step: How far the clock was set; negative when it was set back.
    public init(part: String, step: Duration) {
        self.part = part
        self.step = step
    }

    public var level: Logger.Level { .warning }
    public var message: String { "the clock was set: deadlines moved with it" }
    public var fields: [(String, String)] {
        [("part", part), ("seconds", "\(step.components.seconds)")]
    }
}
