import Telemetry

/// A request was answered with a refusal.
struct RequestRefused: TelemetryEvent {
    let status: Int
    let reason: String
    let peer: String
    let isReported: Bool

    // A flood of bad requests must fill neither the event log nor the process log.
    var level: Logger.Level { isReported ? .notice : .trace }
    var message: String { "request refused" }
    var fields: [(String, String)] {
        [("status", String(status)), ("reason", reason), ("peer", peer)]
    }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_refusals", help: "Requests refused, by reason.",
            labels: [("reason", reason)])
        if !isReported {
            registry.count(
                "bellwether_refusals_suppressed",
                help: "Refusals that made no event because too many came.")
        }
    }
}

/// A route threw an unexpected error; the request is answered with 500.
struct RequestFailed: TelemetryEvent {
    let route: String
    let fault: String

    var level: Logger.Level { .error }
    var message: String { "request failed on this side" }
    var fields: [(String, String)] { [("route", route), ("fault", fault)] }
}

/// The server ended a connection.
struct ConnectionCut: TelemetryEvent {
    let cause: ConnectionCensus.Cut

    var level: Logger.Level { .debug }
    var message: String { "connection cut" }
    var fields: [(String, String)] { [("cause", cause.rawValue)] }

    func record(in registry: PrometheusRegistry) { Self.count(1, cause: cause, in: registry) }

    static func count(
        _ connections: Double, cause: ConnectionCensus.Cut, in registry: PrometheusRegistry
    ) {
        registry.count(
            "bellwether_connections_cut", by: connections,
            help: "Connections that the server ended on its own account, by cause.",
            labels: [("cause", cause.rawValue)])
    }
}

/// The system could not accept a connection for lack of descriptors or memory.
struct AcceptFailed: TelemetryEvent {
    let fault: String

    var level: Logger.Level { .warning }
    var message: String {
        "no connection can be accepted for a moment; raise the limit of open files (LimitNOFILE, ulimit -n)"
    }
    var fields: [(String, String)] { [("fault", fault)] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_accept_failures",
            help:
                "Pauses in accepting because the system had no descriptor or memory for a connection."
        )
    }
}

/// Tokens or token files cannot be read completely.
struct TokensNotRead: TelemetryEvent {
    let fault: String

    var level: Logger.Level { .error }
    var message: String { "tokens cannot be read as they should" }
    var fields: [(String, String)] { [("fault", fault)] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_token_read_failures", help: "Times that tokens could not be read again.")
    }
}

/// Some connections were still busy at the drain deadline.
struct DrainCutShort: TelemetryEvent {
    var level: Logger.Level { .warning }
    var message: String { "connections were still busy at the drain deadline and are cut" }
}
