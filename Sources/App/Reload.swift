import Analysis
import Foundation
import Gateway
import Logging
import Notifier
import Rendering
import Serving
import Settings
import Telemetry

/// What SIGHUP does: takes the configuration, tokens, certificates and
/// templates anew, and keeps what is in force where the new is wrong.
struct Reload: Sendable {
    let node: Node
    let configurationFile: String?
    let threshold: LogThreshold
    let telemetry: Telemetry

    func now() async {
        let settings: Settings
        do throws(SettingsFaults) {
            settings = try Settings.load(
                path: configurationFile, environment: ProcessInfo.processInfo.environment)
        } catch {
            telemetry.emit(ReloadRefused(part: "configuration", fault: error.description))
            return
        }
        do {
            // Whatever can be wrong comes first, so that all is taken or nothing.
            let plan = try node.notifier.map { _ in
                try DigestDispatcher.Plan(
                    settings, outgoing: node.folder.outgoing, transfer: node.engine)
            }
            for fault in plan?.renderer.faults ?? [] {
                telemetry.emit(ReloadRefused(part: "template", fault: "\(fault)"))
            }
            try node.server.reloadCertificates(from: node.certificate)
            try await node.tokens.reload(files: settings.auth.tokenFiles.map { .init($0) })
            if let plan, let notifier = node.notifier {
                notifier.dispatcher.replace(plan: plan)
                notifier.desk.replace(plan: DigestDesk.Plan(settings))
            }
        } catch {
            telemetry.emit(ReloadRefused(part: "configuration", fault: "\(error)"))
            return
        }
        node.gateway?.service.replace(
            plan: GatewayPlan(settings.analysis, engine: node.engine))
        threshold.level = Logger.Level(rawValue: settings.telemetry.logLevel.rawValue) ?? .info
        telemetry.emit(Reloaded(needsRestart: Self.needsRestart(node.settings, settings)))
    }

    /// Changed sections that only a restart takes up.
    static func needsRestart(_ old: Settings, _ new: Settings) -> [String] {
        var names: [String] = []
        if old.node != new.node || old.az != new.az { names.append("node") }
        if old.roles != new.roles { names.append("roles") }
        if old.dataDirectory != new.dataDirectory { names.append("data_dir") }
        if old.listen != new.listen { names.append("listen") }
        if old.forward != new.forward { names.append("forward") }
        if old.log != new.log { names.append("log") }
        if old.receivers != new.receivers { names.append("receivers") }
        return names
    }
}

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
