// Who declares a `Happening` names `Logger.Level` and its cases: one import serves.
@_exported import Logging

/// What every room reports with: a logger for people, a registry for machines.
///
/// A value that is passed in, never global, so that two nodes can live in one
/// process and a test can look at what its own part reported.
public struct Telemetry: Sendable {
    public let logger: Logger
    public let registry: PrometheusRegistry

    public init(logger: Logger, registry: PrometheusRegistry) {
        self.logger = logger
        self.registry = registry
    }

    /// Logs nowhere, counts into a registry of its own.
    public static var silent: Telemetry {
        Telemetry(
            logger: Logger(label: "silent", factory: { _ in SwiftLogNoOpLogHandler() }),
            registry: PrometheusRegistry())
    }

    /// Records the happening's metric, then writes its log line if its level is on.
    public func emit(_ happening: some Happening) {
        happening.record(in: registry)
        let level = happening.level
        guard logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = [:]
        for (name, value) in happening.fields { metadata[name] = .string(value) }
        logger.log(level: level, "\(happening.message)", metadata: metadata)
    }
}
