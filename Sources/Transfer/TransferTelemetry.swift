import Telemetry

/// A transfer ended.
struct TransferEnded: TelemetryEvent {
    let kind: String
    let target: String
    let fault: TransferError?
    /// nil if the transfer ended before libcurl measured anything.
    let timings: TransferTimings?

    var level: Logger.Level { .debug }
    var message: String { "transfer ended" }
    var fields: [(String, String)] {
        [
            ("kind", kind), ("target", target), ("outcome", fault?.kind.rawValue ?? "ok"),
            ("words", fault?.words ?? ""),
        ]
    }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_transfers_total", help: "Outgoing transfers by protocol and outcome.",
            labels: [("kind", kind), ("outcome", fault?.kind.rawValue ?? "ok")])
        guard let timings else { return }
        let (seconds, attoseconds) = timings.total.components
        registry.observe(
            "bellwether_transfer_seconds", Double(seconds) + Double(attoseconds) * 1e-18,
            help: "Time that outgoing transfers took.", labels: [("kind", kind)])
        if fault == nil, kind != "connect", !timings.reusedConnection {
            registry.count(
                "bellwether_transfer_connections_total",
                help: "Connections made for outgoing transfers; the others were reused.",
                labels: [("kind", kind)])
        }
    }
}
