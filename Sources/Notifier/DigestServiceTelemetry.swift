import Digests
import Logging
import Telemetry

/// A digest and its deliveries are durable.
struct DigestComposed: TelemetryEvent {
    let digest: Digest
    var level: Logger.Level { .info }
    var message: String { "composed a digest" }
    var fields: [(String, String)] {
        [
            ("digest", digest.id), ("kind", digest.kind.rawValue),
            ("group", digest.group.text), ("events", "\(digest.events)"),
        ]
    }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_digests_total", help: "Digests composed, by kind.",
            labels: [("kind", digest.kind.rawValue)])
        registry.count(
            "bellwether_digest_events_total", by: Double(digest.events),
            help: "Events folded into digests.")
    }
}

/// Reading the log or writing the state file failed; it is tried again and nothing is lost.
struct DigestServiceFailed: CountedEvent {
    let fault: String
    let failures: Int
    var level: Logger.Level { failures == 1 || failures % 20 == 0 ? .error : .debug }
    var message: String {
        "digests are delayed: cannot read the log or write the state file"
    }
    var fields: [(String, String)] { [("fault", fault), ("failures", "\(failures)")] }

    static let counter = (
        name: "bellwether_digest_desk_failures_total",
        help: "Failures to read the log or write the state file for digests."
    )
}

/// The quota removed events before they were digested.
struct DigestGap: TelemetryEvent {
    let lost: Int
    var level: Logger.Level { .error }
    var message: String { "the log's quota removed events before they were digested" }
    var fields: [(String, String)] { [("lost", "\(lost)")] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_digest_lost_events_total", by: Double(lost),
            help: "Events that the quota removed before they were digested.")
    }
}

/// Saved group states could not be read; their groups are reset.
struct DigestStatesUnreadable: TelemetryEvent {
    let count: Int
    var level: Logger.Level { .error }
    var message: String { "saved digest groups could not be read; the groups are reset" }
    var fields: [(String, String)] { [("groups", "\(count)")] }
}

/// A digest was held back; this is also recorded in the event log.
struct DigestSuppressed: TelemetryEvent {
    let suppression: Suppression
    var level: Logger.Level { .info }
    var message: String { "held a digest back" }
    var fields: [(String, String)] {
        [
            ("digest", suppression.digest.id), ("group", suppression.digest.group.text),
            ("cause", suppression.causeWord),
        ]
    }

    func record(in registry: PrometheusRegistry) {
        Self.count(1, cause: suppression.causeWord, in: registry)
    }

    static func count(_ digests: Double, cause: String, in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_digests_suppressed_total", by: digests,
            help: "Digests held back, by cause.", labels: [("cause", cause)])
    }
}

/// The event of a held back digest could not be logged.
struct SuppressionUnlogged: TelemetryEvent {
    let fault: String
    var level: Logger.Level { .error }
    var message: String { "a digest was held back, but its event could not be logged" }
    var fields: [(String, String)] { [("fault", fault)] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_suppressions_unlogged_total",
            help: "Held back digests whose event could not be logged.")
    }
}

extension Suppression {
    /// The cause as a label value.
    var causeWord: String {
        switch cause {
        case .silence: "silence"
        case .nodeFault: "node_fault"
        }
    }
}
