import Logging
import Telemetry

/// A decision took effect without a line in the log.
struct DecisionUnlogged: CountedEvent {
    let event: String
    let fault: String
    var level: Logger.Level { .error }
    var message: String {
        "a decision is only in the state file at present, because the event log cannot be written"
    }
    var fields: [(String, String)] { [("event", event), ("fault", fault)] }

    static let counter = (
        name: "bellwether_decisions_unlogged_total",
        help: "Decisions that took effect without a line in the event log."
    )
}

/// Decisions of the log were stored in the state file at a start.
struct DecisionsReplayed: TelemetryEvent {
    let count: Int
    var level: Logger.Level { .info }
    var message: String { "stored the log's decisions in the state file" }
    var fields: [(String, String)] { [("decisions", "\(count)")] }
}

/// The log's decisions could not be read or stored at a start.
struct DecisionsNotReplayed: TelemetryEvent {
    let fault: String
    var level: Logger.Level { .error }
    var message: String {
        "cannot read the log's decisions; a message that was sent may be sent again"
    }
    var fields: [(String, String)] { [("fault", fault)] }
}
