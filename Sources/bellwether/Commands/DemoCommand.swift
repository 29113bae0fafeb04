import App
import ArgumentParser

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Play a failing canary against a running node until its digest comes out.",
        discussion: """
            The node must scrape http://127.0.0.1:9102/metrics, as the default configuration does.
            """)

    @OptionGroup var config: ServedConfigOption
    @Option(help: "The node's address; by default the configuration's own.") var url: String?
    @Option(
        name: .customLong("token-file"),
        help: "A token with the scope analysis; by default the first start's.")
    var tokenFile: String?
    @Option(
        name: .customLong("read-token-file"),
        help: "A token with the scope read; by default the first start's.")
    var readTokenFile: String?

    @Option(
        help: ArgumentHelp(
            "Serve only the simulated canary's metrics here, until stopped.",
            valueName: "host:port"))
    var canary: String?

    func run() async throws {
        do {
            if let canary {
                try await Demonstration.serveCanary(at: canary) { Standard.line($0) }
                return
            }
            let settings = try config.load()
            try await Demonstration(
                settings: settings, url: url, analysisTokenFile: tokenFile,
                readTokenFile: readTokenFile, show: { Standard.line($0) }
            ).run()
        } catch let error where !(error is ExitCode) {
            Standard.error("bellwether: \(error)")
            throw ExitCode(70)
        }
    }
}
