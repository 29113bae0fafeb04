public import Events
import Telemetry

/// A receiver fails for some time, or accepts digests again.
public enum ReceiverChange: Sendable, Equatable {
    /// `words` is its last answer, or our error: printable, bounded, without secrets.
    case failing(String, since: Timestamp, words: String)
    case recovered(String)

    public var receiver: String {
        switch self {
        case .failing(let name, _, _), .recovered(let name): name
        }
    }

    /// One or two sentences: what happened and what to do.
    public var words: String {
        switch self {
        case .failing(let name, let since, let words):
            "Receiver \(name) has accepted no digest since \(since.rfc3339); its last answer: "
                + "\(words). Digests that wait are sent when it is back; those that it refused are "
                + "kept: bellwether outbox list. To see every step: bellwether send-test \(name)"
        case .recovered(let name):
            "Receiver \(name) accepts digests again; those that waited are sent now."
        }
    }
}

/// A receiver is reported as failing, or accepts digests again.
struct ReceiverChanged: TelemetryEvent {
    let change: ReceiverChange

    private var isFailing: Bool { if case .failing = change { true } else { false } }
    var level: Logger.Level { isFailing ? .error : .notice }
    var message: String {
        isFailing ? "receiver fails; its digests wait" : "receiver accepts digests again"
    }
    var fields: [(String, String)] {
        [("receiver", change.receiver), ("words", change.words)]
    }

    func record(in registry: PrometheusRegistry) {
        registry.set(
            "bellwether_receiver_failing", to: isFailing ? 1 : 0,
            help: "Whether the receiver has accepted nothing for five minutes.",
            labels: [("receiver", change.receiver)])
    }
}
