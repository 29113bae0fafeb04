import Analysis
import Foundation
import Gateway
import Logging
import Notifier
import Rendering
import Serving
import Settings
import Synchronization
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
                    settings, outgoing: node.folder.outgoing, transfer: node.delivering)
            }
            let certificates = try node.server.prepareCertificates(from: node.certificate)
            // The last that can fail: it takes up all tokens, or throws and changes nothing.
            try await node.tokens.reload(files: settings.auth.tokenFiles.map { .init($0) })
            node.server.take(certificates)
            await node.tell(faults: plan?.renderer.faults ?? [])
            if let plan, let notifier = node.notifier {
                notifier.dispatcher.replace(plan: plan)
                await notifier.takeUp(receivers: settings.receivers, of: plan)
                notifier.desk.replace(plan: DigestDesk.Plan(settings))
            }
        } catch {
            telemetry.emit(ReloadRefused(part: "configuration", fault: "\(error)"))
            return
        }
        if let gateway = node.gateway {
            // Probes that did not change keep what they remember.
            let kept = node.probes.withLock { probes in
                defer { probes = settings.analysis.probes }
                return probes == settings.analysis.probes ? gateway.service.plan.probes : nil
            }
            gateway.service.replace(
                plan: GatewayPlan(settings, upstreams: gateway.upstreams, probes: kept))
        }
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
        return names
    }
}
