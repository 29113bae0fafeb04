import Logging
import Rendering
import Telemetry

/// A reload was taken up.
struct Reloaded: Happening {
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

/// A reload was wrong somewhere; what was in force stays.
struct ReloadRefused: Happening {
    let part: String
    let fault: String
    var level: Logger.Level { .error }
    var message: String { "the reload is wrong; what was in force stays" }
    var fields: [(String, String)] { [("part", part), ("fault", fault)] }

    func record(in registry: PrometheusRegistry) {
        ReloadCounters.count(1, "refused", in: registry)
    }
}

/// A template of the operator's has a fault.
struct TemplateUnused: Happening {
    let fault: TemplateFault
    var level: Logger.Level { .error }
    var message: String { "a template is not used; the built-in text stands for it" }
    var fields: [(String, String)] { [("fault", "\(fault)")] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_template_faults_total",
            help: "Templates found with a fault at start or reload.")
    }
}

enum ReloadCounters {
    /// From the start, so that the first reload is seen as an increase.
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
