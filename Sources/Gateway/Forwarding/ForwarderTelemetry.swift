import Logging
import Telemetry

/// A batch was acknowledged by the notifier.
struct Forwarded: TelemetryEvent {
    let lines: Int
    var level: Logger.Level { .debug }
    var message: String { "forwarded events" }
    var fields: [(String, String)] { [("lines", "\(lines)")] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_forwarded_events_total", by: Double(lines),
            help: "Events that the notifier acknowledged as durable.")
        registry.set(
            "bellwether_forward_failures_in_a_row", to: 0,
            help: "Failed tries to reach the notifier since the last success.")
    }
}

/// The notifier could not be reached or did not acknowledge a batch.
struct ForwardFailed: TelemetryEvent {
    let fault: String
    let failures: Int
    let delay: Duration
    var level: Logger.Level { failures == 1 || failures % 20 == 0 ? .warning : .debug }
    var message: String {
        "the notifier did not acknowledge events; they stay in the log and are sent again"
    }
    var fields: [(String, String)] {
        [("fault", fault), ("failures", "\(failures)"), ("retry_in", "\(delay)")]
    }

    func record(in registry: PrometheusRegistry) {
        Self.count(1, in: registry)
        registry.set(
            "bellwether_forward_failures_in_a_row", to: Double(failures),
            help: "Failed tries to reach the notifier since the last success.")
    }

    static func count(_ tries: Double, in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_forward_failures_total", by: tries,
            help: "Failed tries to reach the notifier.")
    }
}

/// The notifier refused lines as invalid; they are not sent again.
struct ForwardRejected: TelemetryEvent {
    let lines: Int
    var level: Logger.Level { .error }
    var message: String {
        "the notifier refused events as invalid; they stay in this node's log only"
    }
    var fields: [(String, String)] { [("lines", "\(lines)")] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_forward_rejected_total", by: Double(lines),
            help: "Events that the notifier refused as invalid.")
    }
}

/// The quota removed events before they were forwarded.
struct ForwardGap: TelemetryEvent {
    let lost: Int
    var level: Logger.Level { .error }
    var message: String { "the log's quota removed events that were not yet forwarded" }
    var fields: [(String, String)] { [("lost", "\(lost)")] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_forward_lost_total", by: Double(lost),
            help: "Events that the quota removed before they were forwarded.")
    }
}
