import Foundation

/// A server of `Tests/TestSupport/Doubles`, running in its own process.
///
/// The interpreter is `$BELLWETHER_TEST_PYTHON`, else `python3`. The SMTP double needs the package
/// `aiosmtpd`.
public struct PythonDouble: Sendable {
    public let process: ChildProcess
    public let port: Int

    public static var interpreter: String {
        ProcessInfo.processInfo.environment["BELLWETHER_TEST_PYTHON"] ?? "python3"
    }

    /// Starts the script and waits until it listens.
    public static func start(_ script: String, _ arguments: [String]) async throws -> PythonDouble {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let path = folder.appendingPathComponent("Doubles/\(script)").path
        let process = try ChildProcess(interpreter, [path] + arguments)
        let first = try await process.line()
        guard let port = Int(first) else {
            throw ChildProcess.SpawnError(description: "\(script) said '\(first)', not its port")
        }
        return PythonDouble(process: process, port: port)
    }
}

extension TemporaryDirectory {
    /// What a double has recorded so far in `requests.jsonl`, in order: its whole lines.
    func records<Record: Decodable>() throws -> [Record] {
        guard let text = try? String(contentsOfFile: file("requests.jsonl"), encoding: .utf8)
        else { return [] }
        let whole = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return try whole.map { try JSONDecoder().decode(Record.self, from: Data($0.utf8)) }
    }
}
