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

    /// Declares the series of forwarding at zero.
    static func declare(in registry: PrometheusRegistry) {
        Forwarded(lines: 0).record(in: registry)
        ForwardRequested(plainBytes: 0, sentBytes: 0).record(in: registry)
        ForwardFailed.count(0, in: registry)
        ForwardRejected(lines: 0).record(in: registry)
        ForwardGap(lost: 0).record(in: registry)
        ForwardWentBack.count(0, in: registry)
        ForwardCursorNotStored.count(0, in: registry)
    }
}

/// A request is sent to the notifier.
struct ForwardRequested: TelemetryEvent {
    /// Bytes of the lines.
    let plainBytes: Int
    /// Bytes of the body, compressed or not.
    let sentBytes: Int
    var level: Logger.Level { .trace }
    var message: String { "sending events to the notifier" }
    var fields: [(String, String)] {
        [("plain_bytes", "\(plainBytes)"), ("sent_bytes", "\(sentBytes)")]
    }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_forward_plain_bytes_total", by: Double(plainBytes),
            help: "Bytes of the lines in requests to the notifier, before compression.")
        registry.count(
            "bellwether_forward_sent_bytes_total", by: Double(sentBytes),
            help: "Bytes of the bodies of requests to the notifier, as sent.")
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

/// The quota removed events before they were forwarded and safe.
struct ForwardGap: TelemetryEvent {
    let lost: Int
    var level: Logger.Level { .error }
    var message: String {
        "the log's quota removed events that were not yet forwarded, or not known to be in the notifier's bucket"
    }
    var fields: [(String, String)] { [("lost", "\(lost)")] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_forward_lost_total", by: Double(lost),
            help:
                "Events that the quota removed before they were forwarded, or known to be in the notifier's bucket."
        )
    }
}

/// Lines that were acknowledged and are not safe are sent again.
struct ForwardWentBack: CountedEvent {
    let why: String
    /// Bytes of the log that are sent again.
    let bytes: Int
    /// The address that answered.
    let notifier: String
    var level: Logger.Level { .notice }
    var message: String {
        "sending events again that are not known to be in the notifier's bucket"
    }
    var fields: [(String, String)] {
        [("why", why), ("bytes", "\(bytes)"), ("notifier", notifier)]
    }

    static let counter = (
        name: "bellwether_forward_returns_total",
        help: "Times that events were sent again because another notifier answered."
    )
}

/// A receipt's `shipped` cannot be read, so the lines of that receipt do not become safe.
struct ForwardReportUnreadable: TelemetryEvent {
    /// The report, printable and bounded.
    let text: String
    let notifier: String
    var level: Logger.Level { .warning }
    var message: String {
        "the notifier's receipt has a `shipped` that cannot be read; upgrade this gateway"
    }
    var fields: [(String, String)] { [("shipped", text), ("notifier", notifier)] }
}

/// The durable cursor could not be stored; a restart sends more events again.
struct ForwardCursorNotStored: CountedEvent {
    let fault: String
    var level: Logger.Level { .warning }
    var message: String {
        "the forwarder's cursor could not be stored; a restart would send these events again"
    }
    var fields: [(String, String)] { [("fault", fault)] }

    static let counter = (
        name: "bellwether_forward_cursor_failures_total",
        help: "Failed writes of the forwarder's cursor."
    )
}
