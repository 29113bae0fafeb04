import Foundation

/// A child process with input that runs to its end.
enum Command {
    struct Result: Sendable {
        var exit: Int32
        var output: [UInt8]
        var errors: [UInt8]
    }

    static func run(_ name: String, _ arguments: [String], input: [UInt8] = []) async throws
        -> Result
    {
        try await withCheckedThrowingContinuation { continuation in
            // A dedicated thread: the threads of queues are shared with the cooperative pool.
            Thread.detachNewThread {
                continuation.resume(
                    with: Swift.Result { try runBlocking(name, arguments, input: input) })
            }
        }
    }

    private static func runBlocking(
        _ name: String, _ arguments: [String], input: [UInt8]
    ) throws -> Result {
        // Files instead of pipes: a child that stops reading must not block the test.
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("serving-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func handle(_ name: String, _ contents: [UInt8]) throws -> (FileHandle, URL) {
            let url = folder.appendingPathComponent(name)
            try Data(contents).write(to: url)
            return (try FileHandle(forUpdating: url), url)
        }
        let (standardInput, _) = try handle("in", input)
        let (standardOutput, output) = try handle("out", [])
        let (standardError, errors) = try handle("err", [])
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        process.standardError = standardError
        try process.run()
        process.waitUntilExit()
        return Result(
            exit: process.terminationStatus, output: Array(try Data(contentsOf: output)),
            errors: Array(try Data(contentsOf: errors)))
    }
}
