import Events
import Logging
import Telemetry

/// Renewed certificate files are in use.
struct CertificatesRenewed: TelemetryEvent {
    let expiry: Timestamp?

    var level: Logger.Level { .notice }
    var message: String { "renewed certificate files are in force for new connections" }
    var fields: [(String, String)] { [("expires", expiry?.rfc3339 ?? "unknown")] }

    func record(in registry: PrometheusRegistry) {
        CertificateCounters.count(1, "taken", in: registry)
    }
}

/// Renewed certificate files cannot be used; the old ones stay in use.
struct CertificatesRefused: TelemetryEvent {
    let fault: String

    var level: Logger.Level { .error }
    var message: String { "renewed certificate files cannot be used; the old ones stay in force" }
    var fields: [(String, String)] { [("fault", fault)] }

    func record(in registry: PrometheusRegistry) {
        CertificateCounters.count(1, "refused", in: registry)
    }
}

/// The certificate in use is refused by clients, or will be soon.
struct CertificateDoubtful: TelemetryEvent {
    let fault: ServerError
    let isRefused: Bool

    var level: Logger.Level { isRefused ? .error : .warning }
    var message: String {
        isRefused ? "clients refuse this node's certificate" : "this node's certificate needs care"
    }
    var fields: [(String, String)] { [("fault", "\(fault)")] }
}

enum CertificateCounters {
    /// Counts from 0, so that the first renewal is visible as an increase.
    static func declare(in registry: PrometheusRegistry) {
        for outcome in ["taken", "refused"] { count(0, outcome, in: registry) }
    }

    fileprivate static func count(
        _ renewals: Double, _ outcome: String, in registry: PrometheusRegistry
    ) {
        registry.count(
            "bellwether_certificate_renewals", by: renewals,
            help: "Changed certificate files, by outcome.", labels: [("outcome", outcome)])
    }
}
