import Synchronization
import Telemetry

/// Counts connections: how many are open, how many came, why some were cut.
final class ConnectionCensus: Sendable {
    /// Why the server ended a connection on its own account.
    enum Cut: String, Sendable, CaseIterable {
        /// No complete first request in time, handshake included.
        case header
        /// No further request in time.
        case idle
        /// The client left an answer unread.
        case unread
    }

    private let telemetry: Telemetry
    private let open = Atomic<Int>(0)
    private let accepted = Atomic<Int>(0)

    init(telemetry: Telemetry) {
        self.telemetry = telemetry
        for cause in Cut.allCases {
            ConnectionCut.count(0, cause: cause, in: telemetry.registry)
        }
        telemetry.registry.beforeExposition { [weak self] registry in self?.sample(into: registry) }
    }

    func opened() {
        open.add(1, ordering: .relaxed)
        accepted.add(1, ordering: .relaxed)
    }

    func closed() { open.subtract(1, ordering: .relaxed) }

    func cut(_ cause: Cut) { telemetry.emit(ConnectionCut(cause: cause)) }

    private func sample(into registry: PrometheusRegistry) {
        registry.set(
            "bellwether_connections_open", to: Double(open.load(ordering: .relaxed)),
            help: "Connections that are open.")
        registry.count(
            "bellwether_connections_accepted",
            by: Double(accepted.exchange(0, ordering: .relaxed)), help: "Connections accepted.")
    }
}
