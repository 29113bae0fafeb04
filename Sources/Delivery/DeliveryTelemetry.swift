import Telemetry

/// A receiver accepted a digest.
struct DeliverySent: TelemetryEvent {
    let receiver: String
    let kind: String
    let digest: String
    let recipient: String
    let tries: Int

    var level: Logger.Level { .info }
    var message: String { "digest sent" }
    var fields: [(String, String)] {
        [
            ("receiver", receiver), ("recipient", recipient), ("digest", digest),
            ("tries", "\(tries)"),
        ]
    }

    func record(in registry: PrometheusRegistry) {
        registry.countDelivery(receiver, kind, "sent")
    }
}

/// A try failed and will be repeated.
struct DeliveryFailed: TelemetryEvent {
    let receiver: String
    let kind: String
    let digest: String
    let recipient: String
    let tries: Int
    let words: String
    let again: String

    var level: Logger.Level { tries == 1 || tries % 100 == 0 ? .warning : .debug }
    var message: String { "digest not sent yet" }
    var fields: [(String, String)] {
        [
            ("receiver", receiver), ("recipient", recipient), ("digest", digest),
            ("tries", "\(tries)"), ("words", words), ("again", again),
        ]
    }

    func record(in registry: PrometheusRegistry) {
        registry.countDelivery(receiver, kind, "failed")
    }
}

/// A delivery failed permanently.
struct DeliveryDied: TelemetryEvent {
    let receiver: String
    let kind: String
    let digest: String
    let recipient: String
    let words: String

    var level: Logger.Level { .error }
    var message: String { "digest refused permanently; see `bellwether outbox list`" }
    var fields: [(String, String)] {
        [("receiver", receiver), ("recipient", recipient), ("digest", digest), ("words", words)]
    }

    func record(in registry: PrometheusRegistry) {
        registry.countDelivery(receiver, kind, "dead")
    }
}

/// Dead letters that were not retried were removed for their age or number.
struct DeadLettersDropped: TelemetryEvent {
    let receivers: [String]
    let count: Int

    var level: Logger.Level { .warning }
    var message: String { "old dead letters were removed from the outbox" }
    var fields: [(String, String)] {
        [("count", "\(count)"), ("receivers", receivers.joined(separator: ","))]
    }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_dead_letters_dropped_total", by: Double(count),
            help: "Dead letters removed from the outbox for their age or number.")
    }
}

/// A receiver refuses every digest and is paused.
struct ReceiverPaused: TelemetryEvent {
    let receiver: String
    let words: String
    let pause: Duration

    var level: Logger.Level { .error }
    var message: String { "receiver paused: it refuses every digest; they wait" }
    var fields: [(String, String)] {
        [("receiver", receiver), ("words", words), ("pause", "\(pause)")]
    }

    func record(in registry: PrometheusRegistry) {
        registry.set(
            "bellwether_receiver_paused", to: 1,
            help: "Whether the receiver is left alone because it refuses every digest.",
            labels: [("receiver", receiver)])
    }
}

/// A paused receiver accepts digests again.
struct ReceiverResumed: TelemetryEvent {
    let receiver: String

    var level: Logger.Level { .notice }
    var message: String { "receiver takes digests again" }
    var fields: [(String, String)] { [("receiver", receiver)] }

    func record(in registry: PrometheusRegistry) {
        registry.set(
            "bellwether_receiver_paused", to: 0,
            help: "Whether the receiver is left alone because it refuses every digest.",
            labels: [("receiver", receiver)])
    }
}

/// The delivery service could not read or write the state file.
struct DeliveryStoreFailed: TelemetryEvent {
    let receiver: String
    let fault: String

    var level: Logger.Level { .error }
    var message: String { "the outbox cannot be reached" }
    var fields: [(String, String)] { [("receiver", receiver), ("fault", fault)] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_outbox_failures_total", help: "Failed reads and writes of the outbox.")
    }
}

/// Declares the series used in alerts at zero.
enum DeliveryCounters {
    static func declare(receiver: String, kind: String, in registry: PrometheusRegistry) {
        for outcome in ["sent", "failed", "dead"] {
            registry.countDelivery(receiver, kind, outcome, by: 0)
        }
        ReceiverResumed(receiver: receiver).record(in: registry)
        ReceiverChanged(change: .recovered(receiver)).record(in: registry)
    }
}

extension PrometheusRegistry {
    fileprivate func countDelivery(
        _ receiver: String, _ kind: String, _ outcome: String, by tries: Double = 1
    ) {
        count(
            "bellwether_deliveries_total", by: tries,
            help: "Tries to deliver a digest, by receiver and outcome.",
            labels: [("receiver", receiver), ("kind", kind), ("outcome", outcome)])
    }
}
