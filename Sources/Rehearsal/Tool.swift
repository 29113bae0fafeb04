import Core
import Probes
import Transfer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Runs a program to its end, with bounds on time and output.
struct Tool: Sendable {
    /// The executable's absolute path.
    let path: String

    init(_ path: String) { self.path = path }

    /// Finds the executable `name` on PATH; nil when there is none.
    init?(onPath name: String) {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let found = folders.lazy.map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let found else { return nil }
        path = found.hasPrefix("/") ? found : FileManager.default.currentDirectoryPath + "/" + found
    }

    /// Runs the program and returns its output, at most 8 MiB.
    ///
    /// - Throws: A fault that quotes the start of the output for an exit code other than 0.
    func run(
        _ arguments: [String], within limit: Duration = .seconds(30)
    ) async throws(RehearsalFault) -> [UInt8] {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let shown = ([name] + arguments).joined(separator: " ")
        let command = BoundedCommand(
            arguments: [path] + arguments,
            environment: ProcessInfo.processInfo.environment.map { "\($0)=\($1)" },
            maxOutput: 8 << 20)
        let end: BoundedCommand.End
        do throws(CommandFault) {
            end = try await BlockingExecutor("rehearsal").run { command.run(within: limit) }.get()
        } catch { throw RehearsalFault(.failed, "\(shown): \(error)") }
        guard end.code == 0 else {
            let words = String(decoding: end.output.prefix(300), as: UTF8.self)
            throw RehearsalFault(.failed, "\(shown): exit code \(end.code) \(words)")
        }
        return end.output
    }
}
