// Types that conform to `TelemetryEvent` use `Logger.Level`: one import is enough for them.
@_exported import Logging

/// The logger and the metrics registry of one node.
///
/// A value that is passed in, never global: two nodes can run in one process, and a test can
/// check what its own part reported.
public struct Telemetry: Sendable {
    public let logger: Logger
    public let registry: PrometheusRegistry

    public init(logger: Logger, registry: PrometheusRegistry) {
        self.logger = logger
        self.registry = registry
    }

    /// Discards log lines and counts into a registry of its own.
    public static var silent: Telemetry {
        Telemetry(
            logger: Logger(label: "silent", factory: { _ in SwiftLogNoOpLogHandler() }),
            registry: PrometheusRegistry())
    }

    /// Records the event's metrics, then writes its log line if its level is enabled.
    public func emit(_ event: some TelemetryEvent) {
        event.record(in: registry)
        let level = event.level
        guard logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = [:]
        for (name, value) in event.fields { metadata[name] = .string(value) }
        logger.log(level: level, "\(event.message)", metadata: metadata)
    }
}
