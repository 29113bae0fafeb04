import Foundation
import Probes
import Transfer

/// A program that is run to its end, with a bound on time and output.
struct Tool: Sendable {
    /// The executable's absolute path.
    let path: String

    init(_ path: String) { self.path = path }

    /// The executable `name` on PATH; nil when there is none.
    init?(onPath name: String) {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let found = folders.lazy.map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let found else { return nil }
        path = found.hasPrefix("/") ? found : FileManager.default.currentDirectoryPath + "/" + found
    }

    /// Standard output; an exit code other than 0 is a fault that quotes what was printed.
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
            end = try await BlockingLane("rehearsal").run { command.run(within: limit) }.get()
        } catch { throw RehearsalFault(.failed, "\(shown): \(error)") }
        guard end.code == 0 else {
            let words = String(decoding: end.output.prefix(300), as: UTF8.self)
            throw RehearsalFault(.failed, "\(shown): exit code \(end.code) \(words)")
        }
        return end.output
    }
}
