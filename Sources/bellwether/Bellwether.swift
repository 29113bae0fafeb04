import App
import ArgumentParser

/// The command line: parses arguments, calls the modules and prints the results.
@main
struct Bellwether: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bellwether",
        abstract: "One verdict per canary measurement, one digest per failure.",
        version: Version.text,
        subcommands: [
            ServeCommand.self, CheckCommand.self, InitCommand.self, DemoCommand.self,
            StatusCommand.self, ProbeCommand.self, ConfigCommand.self, TokenCommand.self,
            LogsCommand.self, DigestCommand.self, OutboxCommand.self,
            SilenceCommand.self, SendTestCommand.self, ContextCommand.self,
            TemplateCommand.self, ExplainCommand.self, ReplayCommand.self, ParityCommand.self,
            RehearseCommand.self,
        ])

    static func main() async {
        // Any command may hold a token in memory.
        ProcessLimits.forbidCoreDumps()
        await main(nil)
    }
}
