import Events
import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

/// The folders below `Releases` are those of stopped nodes: what a release left in its data
/// folder, its configuration, and what its commands printed about them.
///
/// `BELLWETHER_RECORD_RELEASE=VERSION swift test --filter ReleaseTests` records one.
@Suite("Upgrades from each release", .serialized)
struct ReleaseTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Releases")
    static let releases =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".tar.gz") }.sorted()

    /// A command that lists, and the member of its objects that is compared.
    private struct Listing {
        let command: [String]
        let member: String
        /// Whether the node deletes old entries: they are compared for 20 days after the recording.
        let isKept: Bool

        init(_ member: String, _ command: String..., isKept: Bool) {
            (self.member, self.command, self.isKept) = (member, command, isKept)
        }

        var name: String { command.joined(separator: " ") }
    }

    private static let lists = [
        Listing("id", "logs", "query", "--where", "source=sample", "--json", isKept: true),
        Listing("name", "token", "list", "--json", isKept: true),
        Listing("id", "digest", "list", "--json", isKept: false),
        Listing("digest", "outbox", "list", "--json", isKept: false),
        Listing("id", "silence", "list", "--all", "--json", isKept: false),
    ]

    private struct Recording: Codable {
        let date: Date
        let lists: [String: [String]]
    }

    private static func yaml(_ folder: String) -> String {
        """
        roles: [gateway, notifier]
        az: eu-west-1a
        log: {segment_bytes: 64KiB, max_bytes: 64MiB}
        digest: {first_after: 100ms, window: 200ms, max_window: 1s, repeat: 1h}
        receivers:
          - {name: kept, kind: file}
          - {name: away, kind: webhook, url: "http://127.0.0.1:9/hook"}
        analysis:
          window: 1s
          probes: [{name: doctor, kind: file, path: \(folder)/doctor.json, max_age: 30d}]
          checks: [{id: doctor.error_rate, warn: 0.005, fail: 0.01, critical: true}]
          concerns: {}

        """
    }

    @Test(
        "what a release left is opened: no line, digest, delivery, silence or token is missing",
        arguments: releases)
    func opened(release: String) async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("sample", engine: engine, yaml: "")
        let (_, unpacked) = try await Self.tar(
            ["-xzf", Self.folder.appendingPathComponent(release).path, "-C", node.folder.path])
        #expect(unpacked == .code(0))
        let recorded = try String(
            contentsOfFile: node.folder.file("recorded.yaml"), encoding: .utf8)
        try recorded.replacing("@FOLDER@", with: node.folder.path)
            .replacing("@PORT@", with: "\(node.port)")
            .write(toFile: node.configuration, atomically: true, encoding: .utf8)
        let recording = try JSONDecoder().decode(
            Recording.self,
            from: Data(contentsOf: URL(fileURLWithPath: node.folder.file("expected.json"))))

        let checked = try await node.command("check")
        #expect(checked.exit == .code(0), "\(checked.output)")
        // A start migrates the state file; commands that read do not.
        for _ in 1...2 {
            let process = try node.start()
            defer { process.kill() }
            try await node.untilReady()
            try await Self.compare(node, with: recording)
            let status = try await node.get("/v1/digests?limit=1", token: node.token("read"))
            #expect(status.status == 200)
            process.send(SIGTERM)
            #expect(try await process.waitForExit() == .code(0))
        }
        let verified = try await node.command("logs", "verify")
        #expect(verified.exit == .code(0), "\(verified.output)")
    }

    @Test(
        "records the folder of this release",
        .enabled(if: ProcessInfo.processInfo.environment["BELLWETHER_RECORD_RELEASE"] != nil))
    func record() async throws {
        let version = try #require(
            ProcessInfo.processInfo.environment["BELLWETHER_RECORD_RELEASE"])
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("sample", engine: engine, yaml: "")
        let head = try String(contentsOfFile: node.configuration, encoding: .utf8)
        try (head + Self.yaml(node.folder.path)).write(
            toFile: node.configuration, atomically: true, encoding: .utf8)
        try #"{"error_rate": 0.02}"#.write(
            toFile: node.folder.file("doctor.json"), atomically: true, encoding: .utf8)
        let process = try node.start()
        defer { process.kill() }
        try await node.untilReady()
        try await Self.use(node)
        process.send(SIGTERM)
        #expect(try await process.waitForExit() == .code(0))

        var expected: [String: [String]] = [:]
        for list in Self.lists {
            expected[list.name] = try await Self.listed(list, by: node)
        }
        try JSONEncoder().encode(Recording(date: Date(), lists: expected))
            .write(to: URL(fileURLWithPath: node.folder.file("expected.json")))
        try String(contentsOfFile: node.configuration, encoding: .utf8)
            .replacing(node.folder.path, with: "@FOLDER@")
            .replacing(":\(node.port)", with: ":@PORT@")
            .write(toFile: node.folder.file("recorded.yaml"), atomically: true, encoding: .utf8)
        try FileManager.default.createDirectory(
            at: Self.folder, withIntermediateDirectories: true)
        // A certificate expires, and a start makes a new one.
        let (_, packed) = try await Self.tar([
            "-czf", Self.folder.appendingPathComponent("\(version).tar.gz").path,
            "--exclude=data/tls", "-C", node.folder.path, "data", "doctor.json", "recorded.yaml",
            "expected.json",
        ])
        #expect(packed == .code(0))
    }

    /// Gives a node what a data folder can hold: sealed and open segments, a digest with a
    /// delivery that was made and one that waits, a measurement, a silence and a token.
    private static func use(_ node: NodeProcess) async throws {
        let ingest = try node.token("ingest")
        for batch in 0..<6 {
            let lines = (0..<200).map { i in
                #"{"ts":"2026-11-30T02:00:00Z","level":"info","event":"analysis.healthy","source":"sample","id":"sample-\#(batch)-\#(i)","rollout":"shop-\#(i)","namespace":"prod","message":"fine"}"#
            }
            let (_, status) = try await node.post(
                "/v1/events", token: ingest, lines.joined(separator: "\n") + "\n")
            #expect(status == 200)
        }
        let measured = try await node.measure(
            #"{"rollout":"payments-api","namespace":"prod","revision":"17","step":"2"}"#)
        #expect(measured.status == 200)
        let silenced = try await node.command(
            "silence", "add", "rollout=silent", "--for", "90d", "--who", "alice",
            "--why", "moving")
        #expect(silenced.exit == .code(0), "\(silenced.output)")
        let created = try await node.command(
            "token", "create", "--name", "root", "--scope", "admin")
        #expect(created.exit == .code(0))
        try await eventually("one delivery is made, one waits", within: .seconds(30)) {
            let (lines, _) = try await node.command("outbox", "list", "--json")
            return lines.contains(#""sent""#) && lines.contains(#""waiting""#)
        }
        try await eventually("segments are sealed", within: .seconds(30)) {
            let names = try FileManager.default.subpathsOfDirectory(atPath: node.data)
            return names.contains { $0.hasSuffix(".gz") }
        }
    }

    private static func compare(_ node: NodeProcess, with recording: Recording) async throws {
        let isFresh = -recording.date.timeIntervalSinceNow < 20 * 86_400
        for list in Self.lists where list.isKept || isFresh {
            let before = try #require(recording.lists[list.name])
            #expect(before.count > 0, "\(list.name)")
            let missing = try await Set(before).subtracting(listed(list, by: node))
            #expect(missing.isEmpty, "\(list.name): \(missing.sorted().prefix(5))")
        }
    }

    /// The compared member of each listed object, with the receiver where it has one.
    private static func listed(
        _ list: Listing, by node: NodeProcess
    ) async throws -> [String] {
        let (output, exit) = try await node.command(list.command)
        #expect(exit == .code(0), "\(list.command): \(output)")
        return try output.split(separator: "\n").flatMap { line -> [String] in
            let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
            // A list of objects, an object with one, or one object a line.
            let members = value as? [String: Any] ?? [:]
            let objects =
                value as? [[String: Any]]
                ?? members.values.lazy.compactMap { $0 as? [[String: Any]] }
                .first { $0.contains { $0[list.member] != nil } }
                ?? [members]
            return objects.compactMap { object in
                guard let name = object[list.member] as? String else { return nil }
                return name + ((object["receiver"] as? String).map { " " + $0 } ?? "")
            }
        }
    }

    private static func tar(_ arguments: [String]) async throws -> (String, ChildProcess.Exit) {
        let child = try ChildProcess("/usr/bin/tar", arguments)
        let exit = try await child.waitForExit()
        return (child.output, exit)
    }
}
