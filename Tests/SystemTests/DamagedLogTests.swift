import Foundation
import TestSupport
import Testing

/// The `logs` commands on files that were damaged while no node ran.
@Suite("Commands on a damaged log")
struct DamagedLogTests {
    private func run(
        _ arguments: [String], in folder: TemporaryDirectory
    ) async throws -> (output: String, errors: String, exit: ChildProcess.Exit) {
        let child = try ChildProcess(
            NodeProcess.executable, ["logs"] + arguments + ["--config", "node.yaml"],
            directory: folder.path)
        let exit = try await child.waitForExit()
        return (child.output, child.errors, exit)
    }

    /// A data folder whose log has one open segment, as the node writes it.
    private func folder(_ segment: Data) throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        try "node: gw\ndata_dir: data\n".write(
            toFile: folder.file("node.yaml"), atomically: true, encoding: .utf8)
        try FileManager.default.createDirectory(
            atPath: folder.file("data/log"), withIntermediateDirectories: true)
        try segment.write(to: URL(fileURLWithPath: folder.file("data/log/active.jsonl")))
        return folder
    }

    @Test("an open segment without a whole line: every command reports it and exits with 1")
    func nothingWhole() async throws {
        let folder = try folder(Data("{\"event\":\"x\"}\nno event\n\0\0\0\0".utf8))
        for arguments in [
            ["query", "--json"], ["tail", "--json"], ["query", "--count-by", "event"], ["stats"],
            ["verify"],
        ] {
            let (output, errors, exit) = try await run(arguments, in: folder)
            #expect(exit == .code(1), "\(arguments): \(errors)")
            #expect(!errors.isEmpty && !output.contains("no event"), "\(arguments): \(output)")
        }
    }

    @Test("a folder in place of a segment: every command reports it")
    func folderInPlace() async throws {
        let folder = try folder(Data())
        try FileManager.default.removeItem(atPath: folder.file("data/log/active.jsonl"))
        try FileManager.default.createDirectory(
            atPath: folder.file("data/log/active.jsonl"), withIntermediateDirectories: true)
        for arguments in [
            ["query"], ["tail"], ["query", "--count-by", "event"], ["stats"], ["verify"],
        ] {
            let (_, errors, exit) = try await run(arguments, in: folder)
            #expect(exit != .code(0), "\(arguments)")
            #expect(errors.contains("active.jsonl"), "\(arguments): \(errors)")
        }
    }
}
