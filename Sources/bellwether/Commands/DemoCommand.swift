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

    func run() async throws {
        let settings = try config.load()
        do {
            try await Demonstration(
                settings: settings, url: url, analysisTokenFile: tokenFile,
                readTokenFile: readTokenFile, show: { Standard.line($0) }
            ).run()
        } catch {
            Standard.error("bellwether: \(error)")
            throw ExitCode(70)
        }
    }
}
