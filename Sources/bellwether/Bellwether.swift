import App
import ArgumentParser

/// The command line: parses, calls the rooms, prints. Nothing else lives here.
@main
struct Bellwether: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bellwether",
        abstract: "One verdict per canary measurement, one digest per failure.",
        version: Version.text,
        subcommands: [
            ServeCommand.self, CheckCommand.self, InitCommand.self, DemoCommand.self,
            TokenCommand.self, LogsCommand.self, DigestCommand.self, OutboxCommand.self,
            SilenceCommand.self, SendTestCommand.self,
            TemplateCommand.self, ExplainCommand.self, ReplayCommand.self, ParityCommand.self,
            RehearseCommand.self,
        ])

    static func main() async {
        // Every command may have a token in its memory.
        ProcessLimits.forbidCoreDumps()
        await main(nil)
    }
}
