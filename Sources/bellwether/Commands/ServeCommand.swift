import App
import ArgumentParser
import Settings

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the roles of the configuration.",
        discussion: """
            SIGTERM drains and exits with 0. SIGHUP reloads policy, probes, receivers, routes, \
            templates, tokens and certificates, and keeps the current configuration if the new one \
            is invalid.
            """)

    @OptionGroup var config: ServedConfigOption
    @Flag(help: "Play the demonstration against this node, then keep serving.")
    var demo = false

    func run() async throws {
        let settings = try config.load()
        do {
            try await ServiceRun(
                settings: settings, demonstrates: demo,
                show: { Standard.line($0) }
            ).run()
        } catch {
            Standard.error("bellwether: \(error)")
            throw ExitCode(ServiceRun.exitCode(of: error))
        }
    }
}
