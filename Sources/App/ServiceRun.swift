import Archives
import Core
import Events
import Foundation
package import EventLog
import Logging
import Metrics
import ServiceLifecycle
import Server
public import Settings
import Shipping
import Telemetry
import UnixSignals

/// Runs `bellwether serve`: one node, its logging and its signals.
///
/// SIGTERM and SIGINT drain and stop the node; SIGHUP reloads.
public struct ServiceRun: Sendable {
    private let settings: Settings
    private let demonstrates: Bool
    private let examine: LineExamination?
    private let show: @Sendable (String) -> Void

    /// - Parameters:
    ///   - settings: SIGHUP reads their file again; without one the embedded defaults apply.
    ///   - demonstrates: Whether to play the demonstration once the node serves.
    ///   - show: Prints text for the user at the terminal.
    public init(
        settings: Settings, demonstrates: Bool,
        show: @escaping @Sendable (String) -> Void
    ) {
        self.init(
            settings: settings, demonstrates: demonstrates, examine: nil, show: show)
    }

    /// The same, with a function for the log's readers: see `Node.open`.
    package init(
        settings: Settings, demonstrates: Bool = false,
        examine: LineExamination?, show: @escaping @Sendable (String) -> Void
    ) {
        self.examine = examine
        self.settings = settings
        self.demonstrates = demonstrates
        self.show = show
    }

    /// Runs the node until a signal stops it.
    ///
    /// - Throws: The error that prevented the start or ended the node.
    public func run() async throws {
        // Files that any library creates from now on are accessible to the owner only.
        umask(0o077)
        AllocatorSettings.apply()
        ProcessLimits.raiseOpenFiles()
        let threshold = LogThreshold(level)
        let format: LineLogHandler.Format =
            settings.telemetry.logFormat == .json ? .json : .text
        let registry = PrometheusRegistry()
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, format: format, threshold: threshold)
        }
        MetricsSystem.bootstrap(registry)
        let telemetry = Telemetry(logger: Logger(label: "bellwether"), registry: registry)

        let node = try await Node.open(settings, telemetry: telemetry, examine: examine)
        let reload = Reload(
            node: node, configurationFile: settings.file, threshold: threshold,
            telemetry: telemetry)
        if settings.file == nil { try node.folder.keepConfiguration(settings) }
        do {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    try await run(node, telemetry)
                    return true
                }
                group.addTask {
                    for await _ in await UnixSignalsSequence(trapping: .sighup) {
                        await reload.now()
                    }
                    return false
                }
                group.addTask {
                    try await greet(node)
                    return false
                }
                while let isOver = try await group.next() {
                    if isOver { group.cancelAll() }
                }
            }
        } catch {
            await node.close()
            throw error
        }
        await node.close()
    }

    /// The exit code for an error of `run`: 3 if the next start follows another node, 78 if only a change of the
    /// configuration or the folder helps, else 70.
    public static func exitCode(of error: any Error) -> Int32 {
        if error is PrefixTaken { return 78 }
        guard let fault = error as? ShippingFault else { return 70 }
        switch fault {
        case .overtaken, .lapsed, .handedOver, .setAside: return 3
        default: break
        }
        return fault.isPermanent ? 78 : 70
    }

    /// The log level; at least `warning` beside the demonstration, to keep its output readable.
    private var level: Logger.Level {
        let wanted = Logger.Level(rawValue: settings.telemetry.logLevel.rawValue) ?? .info
        return demonstrates ? max(wanted, .warning) : wanted
    }

    private func run(_ node: Node, _ telemetry: Telemetry) async throws {
        var logger = telemetry.logger
        logger.logLevel = max(logger.logLevel, .warning)
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: NodeService(node: node))],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration =
            settings.listen.limits.drainDeadline + .seconds(10)
        configuration.maximumCancellationDuration = .seconds(10)
        try await ServiceGroup(configuration: configuration).run()
    }

    private func greet(_ node: Node) async throws {
        let address = try await node.server.address
        let every = address.isEveryAddress ? " and every other address of this machine" : ""
        show(
            "bellwether serves on https://\(address.local)\(every) (\(roles)), data in \(node.folder.path)"
        )
        for token in node.madeTokens {
            show("  token \(token.name): \(token.file)\(token.isNew ? " (new)" : "")")
        }
        show("  certificate: \(node.certificate.certificate)")
        guard demonstrates else { return }
        show("")
        do {
            let next = Self.next(
                address: "https://\(address.local)",
                folder: DataFolder(DataFolder.absolute(node.folder.path)),
                options: settings.configurationOption)
            try await Demonstration(settings: settings, show: show).run(afterwards: {
                show(next)
            })
        } catch is CancellationError {
        } catch {
            show("the demonstration ended early: \(error)")
        }
    }

    /// The path of this executable as it was called, for commands to copy.
    private static var executable: String {
        let path = CommandLine.arguments.first ?? "bellwether"
        return path.contains("/") ? InertText.shellWord(DataFolder.absolute(path)) : path
    }

    private var roles: String { settings.roles.map(\.rawValue).joined(separator: " and ") }

    private static func next(address: String, folder: DataFolder, options: String) -> String {
        """
        This digest is kept in \(folder.outgoing)/. The node stays up; try:

          curl --cacert \(folder.certificate) \(address)/rollouts/analysis \\
               -H "Authorization: Bearer $(cat \(folder.token("analysis")))" \\
               -H 'Content-Type: application/json' -d '{"rollout":"payments-api","namespace":"demo"}'

          \(address)/          the status page; sign in with the token in \(folder.token("read"))

        What was measured, what was sent, and what Argo Rollouts needs:

          \(executable) logs tail -n 5 \(options)
          \(executable) digest list \(options)
          \(executable) template analysis \(options)

        Stop with Ctrl-C.
        """
    }
}

/// The node as a service of its group.
private struct NodeService: Service {
    let node: Node

    func run() async throws { try await node.run() }
}
