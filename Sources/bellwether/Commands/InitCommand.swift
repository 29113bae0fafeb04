import App
import ArgumentParser
import CBuild
import Core

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a commented configuration, tokens, a certificate and a service unit.",
        discussion: """
            Prints the paths of the files on standard output, and the next commands on standard \
            error. data/tokens/admin permits everything; the other tokens have one scope each.
            """)

    @Argument(help: "The folder to create.") var directory: String

    func run() async throws {
        do {
            let files = try await InitialFolder.make(
                directory, configuration: String(cString: bellwether_configuration()))
            for file in files { print(file) }
            let program = CommandLine.arguments.first ?? "bellwether"
            let next = ["check", "serve"].map { command in
                "  " + InertText.shellLine([program, command, "--config", files[0]])
            }
            Standard.error("\nNext:\n" + next.joined(separator: "\n"))
        } catch let fault as InitialFolder.Fault {
            Standard.error("bellwether: \(fault)")
            throw ExitCode(fault.exists ? 73 : 70)
        }
    }
}
