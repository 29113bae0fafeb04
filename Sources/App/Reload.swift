import Analysis
import Events
import Gateway
import Logging
import Notifier
import Rendering
import Server
import Settings
import Synchronization
import Telemetry

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reloads configuration, tokens, certificates and templates at SIGHUP.
///
/// Keeps everything that is in force if the configuration, a token file or a certificate is
/// invalid. A template with a fault is replaced by the built-in text.
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
            // Everything that can fail comes first, so that a reload applies completely or not
            // at all.
            let plan = try node.notifier.map { _ in
                try DigestDispatcher.Plan(
                    settings, outgoing: node.folder.outgoing, transfer: node.delivering)
            }
            let certificates = try node.server.prepareCertificates(from: node.certificate)
            // The last step that can fail: it applies all tokens, or throws and changes nothing.
            try await node.tokens.reload(files: settings.auth.tokenFiles.map { .init($0) })
            node.server.take(certificates)
            await node.report(faults: plan?.renderer.faults ?? [])
            if let plan, let notifier = node.notifier {
                notifier.dispatcher.replace(plan: plan)
                await notifier.apply(receivers: settings.receivers, of: plan)
                notifier.digestService.replace(plan: DigestService.Plan(settings))
            }
        } catch {
            telemetry.emit(ReloadRefused(part: "configuration", fault: "\(error)"))
            return
        }
        let before = node.inForce.replace(by: settings)
        if let gateway = node.gateway {
            // If the configuration of the probes is the same, they are kept with their state.
            let kept =
                before.analysis.allProbes == settings.analysis.allProbes
                ? gateway.service.plan.probes : nil
            gateway.service.replace(
                plan: GatewayPlan(settings, upstreams: gateway.upstreams, probes: kept))
        }
        threshold.level = Logger.Level(rawValue: settings.telemetry.logLevel.rawValue) ?? .info
        telemetry.emit(Reloaded(needsRestart: Self.needsRestart(node.settings, settings)))
    }

    /// The changed sections that take effect only at a restart.
    static func needsRestart(_ old: Settings, _ new: Settings) -> [String] {
        var names: [String] = []
        if old.node != new.node || old.az != new.az { names.append("node") }
        if old.roles != new.roles { names.append("roles") }
        if old.dataDirectory != new.dataDirectory { names.append("data_dir") }
        if old.listen != new.listen { names.append("listen") }
        if old.forward != new.forward { names.append("forward") }
        if old.log != new.log { names.append("log") }
        if old.bucket != new.bucket { names.append("bucket") }
        if old.pair != new.pair { names.append("ha") }
        return names
    }
}

/// The settings that a node works by: those of its start, with what reloads changed. Thread-safe.
final class SettingsInForce: Sendable {
    private struct State {
        var settings: Settings
        var policy: String
    }

    private let state: Mutex<State>

    init(_ settings: Settings) {
        state = Mutex(State(settings: settings, policy: settings.policyHash))
    }

    var current: Settings { state.withLock { $0.settings } }

    /// The node's configuration and executable, which two nodes of a pair compare.
    var version: NodeVersion {
        NodeVersion(policy: state.withLock { $0.policy }, binary: BinaryHash.current)
    }

    /// Takes over what a reload applies; returns the settings before it.
    func replace(by new: Settings) -> Settings {
        state.withLock { state in
            let old = state.settings
            var settings = new
            (settings.node, settings.az) = (old.node, old.az)
            settings.roles = old.roles
            settings.dataDirectory = old.dataDirectory
            settings.listen = old.listen
            settings.forward = old.forward
            settings.log = old.log
            settings.bucket = old.bucket
            settings.pair = old.pair
            state = State(settings: settings, policy: settings.policyHash)
            return old
        }
    }
}

extension Settings {
    /// `sha256:` and the hash of what decides verdicts and messages: the configuration without what
    /// each machine has of its own, as the addresses, files and sizes of its node.
    ///
    /// Secrets are not part of it.
    var policyHash: String {
        let plain = Settings.embedded
        var shared = self
        shared.az = plain.az
        shared.dataDirectory = plain.dataDirectory
        shared.allowInlineSecrets = plain.allowInlineSecrets
        shared.listen = plain.listen
        shared.auth = plain.auth
        shared.forward = plain.forward
        shared.log = plain.log
        shared.bucket = nil
        shared.pair = nil
        shared.telemetry = plain.telemetry
        return ContentHash.named(shared.describe().utf8)
    }
}
