import App
import ArgumentParser
import CBuild

/// The command line: parses arguments, calls the modules and prints the results.
@main
struct Bellwether: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bellwether",
        abstract: "One verdict per canary measurement, one digest per failure.",
        version: versions,
        subcommands: [
            ServeCommand.self, CheckCommand.self, InitCommand.self, DemoCommand.self,
            HealthCommand.self, StatusCommand.self, ProbeCommand.self, ConfigCommand.self,
            TokenCommand.self, LogsCommand.self, DigestCommand.self, OutboxCommand.self,
            RestoreCommand.self, HaCommand.self,
            AckCommand.self, SilenceCommand.self, SendTestCommand.self, ContextCommand.self,
            TemplateCommand.self, ExplainCommand.self, ReplayCommand.self, ParityCommand.self,
            RehearseCommand.self,
        ])

    /// What `--version` prints: the release, its commit, and the libraries that run.
    private static var versions: String {
        let commit = String(cString: bellwether_commit())
        let swift = String(cString: bellwether_swift())
        let library = _SwiftStdlibVersion.current.description.split(separator: ".").prefix(2)
        return """
            bellwether \(Version.text)
            commit: \(commit.isEmpty ? "unknown" : commit)
            swift: \(swift.isEmpty ? library.joined(separator: ".") : swift)
            libcurl: \(Version.libcurl)
            """
    }

    static func main() async {
        // Any command may hold a token in memory.
        ProcessLimits.forbidCoreDumps()
        ProcessLimits.keepExitCodes()
        await main(nil)
    }
}
