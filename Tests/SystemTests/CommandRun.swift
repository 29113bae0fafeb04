import Foundation
import TestSupport

/// One run of the executable in a folder, with no environment but the given variables.
struct CommandRun {
    let output: String
    let errors: String
    let exit: ChildProcess.Exit

    init(
        _ arguments: [String], in folder: String, _ variables: [String: String] = [:],
        prefix: [String] = []
    ) async throws {
        var environment: [String: String?] = [:]
        for name in ProcessInfo.processInfo.environment.keys { environment[name] = .some(nil) }
        for (name, value) in variables { environment[name] = value }
        let command = prefix + [NodeProcess.executable] + arguments
        let child = try ChildProcess(
            command[0], Array(command.dropFirst()), environment: environment, directory: folder)
        exit = try await child.waitForExit()
        output = child.output
        errors = child.errors
    }
}
