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
            ["verify"], ["export"], ["export", "--format", "csv"],
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
            ["export"],
        ] {
            let (_, errors, exit) = try await run(arguments, in: folder)
            #expect(exit != .code(0), "\(arguments)")
            #expect(errors.contains("active.jsonl"), "\(arguments): \(errors)")
        }
    }

    /// The commit line of the format in `Sources/EventLog/README.md`.
    private static func commit(of group: String, _ members: String) -> String {
        let line = #"{"event":"log.commit","segment":1,\#(members)"#
        var sum = UInt32.max
        for byte in (group + line).utf8 {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        let digits = String(~sum, radix: 16)
        let crc = String(repeating: "0", count: 8 - digits.count) + digits
        return line + #","crc":"\#(crc)"}"# + "\n"
    }

    @Test("lines with a valid checksum that are no events: no command prints one as an event")
    func noEvents() async throws {
        let group =
            #"{"ts":"2026-11-23T06:00:00Z","event":"first.event","id":"1"}"#
            + "\nno event\n[1,2]\n"
            + #"{"ts":"2026-11-23T06:00:00Z","event":"last.event","id":"2"}"# + "\n"
        let bytes = group.utf8.count
        let segment =
            Self.commit(of: "", #""end":0,"bytes":0,"count":0,"at":1795413600000,"after":0"#)
            + group
            + Self.commit(
                of: group, #""end":\#(bytes),"bytes":\#(bytes),"count":4,"at":1795413600123"#)
        let folder = try folder(Data(segment.utf8))
        for arguments in [
            ["query", "--json"], ["query"], ["tail", "--json"], ["export"],
            ["export", "--format", "csv"],
        ] {
            let (output, errors, exit) = try await run(arguments, in: folder)
            #expect(exit == .code(1), "\(arguments): \(errors)")
            #expect(output.contains("first.event") && output.contains("last.event"))
            #expect(!output.contains("no event") && !output.contains("[1,2]"), "\(arguments)")
            #expect(errors.contains("at least 2 lines"), "\(arguments): \(errors)")
        }
    }
}
