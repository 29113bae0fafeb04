public import Logging

/// An event inside the node, with its log line and its metric.
///
/// Each module declares one struct per event, so that the log line and the metric always
/// agree, and all log lines of a module are in one file. Neither the fields nor the labels
/// may contain a secret: identify a token by its id, a receiver by its name, a URL by its host.
public protocol TelemetryEvent: Sendable {
    var level: Logger.Level { get }

    /// A constant text, so that lines can be counted by it. Variable parts go into `fields`.
    var message: String { get }

    /// The log line's named values. Untrusted text is allowed: the log handler escapes it.
    var fields: [(String, String)] { get }

    /// Updates the metrics. Label values must come from a small closed set.
    func record(in registry: PrometheusRegistry)
}

extension TelemetryEvent {
    public var fields: [(String, String)] { [] }
    public func record(in registry: PrometheusRegistry) {}
}

/// An event that one counter without labels counts.
public protocol CountedEvent: TelemetryEvent {
    static var counter: (name: String, help: String) { get }
}

extension CountedEvent {
    public func record(in registry: PrometheusRegistry) { Self.count(1, in: registry) }

    /// Adds to the counter. Adding 0 at the start shows it before the first event.
    public static func count(_ times: Double, in registry: PrometheusRegistry) {
        registry.count(counter.name, by: times, help: counter.help)
    }
}

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
