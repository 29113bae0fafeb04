import Logging
import Rendering
import Telemetry

/// A reload was applied.
struct Reloaded: TelemetryEvent {
    let needsRestart: [String]
    var level: Logger.Level { needsRestart.isEmpty ? .notice : .warning }
    var message: String {
        needsRestart.isEmpty
            ? "reloaded the configuration"
            : "reloaded the configuration; some changed sections need a restart"
    }
    var fields: [(String, String)] {
        needsRestart.isEmpty ? [] : [("restart_for", needsRestart.joined(separator: ","))]
    }

    func record(in registry: PrometheusRegistry) {
        ReloadCounters.count(1, "taken", in: registry)
    }
}

/// A reload was refused; the current configuration stays in force.
struct ReloadRefused: TelemetryEvent {
    let part: String
    let fault: String
    var level: Logger.Level { .error }
    var message: String { "reload refused; the current configuration stays in force" }
    var fields: [(String, String)] { [("part", part), ("fault", fault)] }

    func record(in registry: PrometheusRegistry) {
        ReloadCounters.count(1, "refused", in: registry)
    }
}

/// A configured template has a fault.
struct TemplateUnused: TelemetryEvent {
    let fault: TemplateFault
    var level: Logger.Level { .error }
    var message: String { "a template has a fault; the built-in text is used instead" }
    var fields: [(String, String)] { [("fault", "\(fault)")] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_template_faults_total",
            help: "Templates found with a fault at start or reload.")
    }
}

enum ReloadCounters {
    /// Sets the counters to 0 at start, so that the first reload is an increase.
    static func declare(in registry: PrometheusRegistry) {
        for outcome in ["taken", "refused"] { count(0, outcome, in: registry) }
    }

    fileprivate static func count(
        _ reloads: Double, _ outcome: String, in registry: PrometheusRegistry
    ) {
        registry.count(
            "bellwether_reloads_total", by: reloads, help: "Reloads by outcome.",
            labels: [("outcome", outcome)])
    }
}
