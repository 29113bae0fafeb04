public import Logging

/// Somebody set the wall clock; what waits keeps its pace.
public struct ClockSet: Happening {
    private let part: String
    private let step: Duration

    /// - Parameters:
    ///   - part: Whose deadlines moved: `digests`, `deliveries`, `attempts`.
    ///   - step: How far the clock was set, negative when back.
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
