import App
import ArgumentParser

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a commented configuration, token, certificate and service unit.")

    @Argument(help: "The folder to create.") var directory: String

    func run() async throws {
        do {
            for file in try await InitialFolder.make(directory) { print(file) }
        } catch let fault as InitialFolder.Fault {
            Standard.error("bellwether: \(fault)")
            throw ExitCode(fault.exists ? 73 : 70)
        }
    }
}
