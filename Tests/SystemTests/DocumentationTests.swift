import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

/// Runs every fenced command of README.md and docs/ against a real node.
///
/// The words after the fence select how the block runs: `sh` runs in a node's own folder and must
/// succeed; `sh forever` must still be running when it is stopped; `sh cluster` needs an
/// environment that tests lack, so only its options are checked against the command's help; `yaml
/// config` must pass `bellwether check`.
@Suite("Every command in README and docs", .serialized)
struct DocumentationTests {
    private static let top = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    static let documents: [String] = {
        let folder = (try? FileManager.default.contentsOfDirectory(atPath: top + "/docs")) ?? []
        return ["README.md"] + folder.filter { $0.hasSuffix(".md") }.sorted().map { "docs/" + $0 }
    }()

    struct Block {
        var kind: String
        var line: Int
        var text: String
    }

    @Test("the pages of docs/ are among those that are run")
    func pages() {
        #expect(Self.documents.count > 20)
    }

    @Test("does what the page describes", arguments: documents)
    func commands(document: String) async throws {
        let blocks = try Self.blocks(of: document)
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess(
            "gw-a1", engine: engine,
            yaml: """
                az: eu-west-1a
                allow_inline_secrets: true
                digest: {first_after: 100ms, window: 1s}
                receivers:
                  - {name: kept, kind: file}
                  - {name: away, kind: slack, url: "http://127.0.0.1:9/services/T0/B0/none"}
                route: {receivers: [kept, away]}
                analysis:
                  probes: [{name: node, kind: disk, path: /}]
                  checks: [{id: gateway.disk_ok, critical: true}]
                  concerns: {}
                """)
        let fleet = Fleet()
        defer { fleet.killAll() }
        var names: [String: String] = [:]
        if blocks.contains(where: { $0.kind.hasPrefix("sh") && $0.kind != "sh cluster" }) {
            try fleet.start(node)
            try await node.untilReady()
            names = try await Self.fill(node)
        }
        for folder in ["Config", "templates"] {
            try FileManager.default.createSymbolicLink(
                atPath: node.folder.file(folder), withDestinationPath: "\(Self.top)/\(folder)")
        }
        for block in blocks {
            let place = "\(document):\(block.line)"
            try Self.freePorts(below: node.folder.path)
            switch block.kind {
            case "sh": try await run(block, node, names, place, until: nil)
            case "sh forever": try await run(block, node, names, place, until: 2)
            case "sh cluster": try await lookUp(block, node, place)
            case "yaml config": try await check(block, node, place)
            case "", "yaml", "text": continue
            default: Issue.record("\(place): a fence of unknown kind '\(block.kind)'")
            }
        }
    }

    /// Lets the system choose the port of each node that a page's `bellwether init` made: the default
    /// port may be in use.
    private static func freePorts(below folder: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let file = "\(folder)/\(name)/bellwether.yaml"
            guard name != "Config", let text = try? String(contentsOfFile: file, encoding: .utf8)
            else { continue }
            try text.replacing("127.0.0.1:8443", with: "127.0.0.1:0")
                .write(toFile: file, atomically: true, encoding: .utf8)
        }
    }

    private func run(
        _ block: Block, _ node: NodeProcess, _ names: [String: String], _ place: String,
        until seconds: Int?
    ) async throws {
        var script = block.text.replacing("127.0.0.1:8443", with: "127.0.0.1:\(node.port)")
        for (name, value) in names { script = script.replacing(name, with: value) }
        let shell = ["bash", "-euo", "pipefail", "-c", script]
        let command = seconds.map { ["timeout", "\($0)"] + shell } ?? shell
        let folder = URL(fileURLWithPath: NodeProcess.executable).deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let child = try ChildProcess(
            "/usr/bin/env", command, environment: ["PATH": folder + ":" + path],
            directory: node.folder.path)
        let exit = try await child.waitForExit()
        // timeout(1) exits with 124 if it ended the command.
        #expect(
            exit == .code(seconds == nil ? 0 : 124),
            "\(place):\n\(script)\n\(child.output.suffix(2000))\(child.errors.suffix(2000))")
    }

    /// Checks that the help of each bellwether command lists every option used.
    private func lookUp(_ block: Block, _ node: NodeProcess, _ place: String) async throws {
        let syntax = try ChildProcess("bash", ["-n", "-c", block.text])
        #expect(try await syntax.waitForExit() == .code(0), "\(place): \(syntax.errors)")
        let lines = block.text.replacing("\\\n", with: " ").split(separator: "\n")
        for line in lines {
            let words = line.split(separator: "#")[0].split(separator: " ")
            guard words.first == "bellwether" else { continue }
            var verbs = words.dropFirst().prefix { !$0.hasPrefix("-") }.prefix(2).map(String.init)
            var help = try await Self.help(verbs)
            if !help.contains("USAGE: bellwether \(verbs.joined(separator: " "))") {
                verbs = Array(verbs.prefix(1))
                help = try await Self.help(verbs)
            }
            #expect(help.contains("USAGE: bellwether \(verbs.joined(separator: " "))"), "\(place)")
            for option in words where option.hasPrefix("--") {
                #expect(help.contains(option), "\(place): \(line) has \(option)")
            }
        }
    }

    private static func help(_ verbs: [String]) async throws -> String {
        let child = try ChildProcess(NodeProcess.executable, verbs + ["--help"])
        _ = try await child.waitForExit()
        // The exit may be seen before the last of the output.
        try await eventually("\(verbs) shows its help") {
            child.output.contains("Show help information.")
        }
        return child.output
    }

    private func check(_ block: Block, _ node: NodeProcess, _ place: String) async throws {
        let file = node.folder.file("shown.yaml")
        try block.text.write(toFile: file, atomically: true, encoding: .utf8)
        // Without the bucket that a page names.
        let child = try ChildProcess(
            NodeProcess.executable, ["check", "--offline", "--config", file])
        #expect(
            try await child.waitForExit() == .code(0), "\(place): \(child.output)\(child.errors)")
    }

    // MARK: - Reading the page

    private static func blocks(of document: String) throws -> [Block] {
        let text = try String(contentsOfFile: "\(top)/\(document)", encoding: .utf8)
        var blocks: [Block] = []
        var open: Block?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if line.hasPrefix("```") {
                if let block = open {
                    blocks.append(block)
                    open = nil
                } else {
                    open = Block(kind: String(line.dropFirst(3)), line: index + 1, text: "")
                }
            } else if open != nil {
                open?.text += line + "\n"
            } else if line.hasPrefix("    "), line.contains("bellwether ") {
                Issue.record("\(document):\(index + 1): a command outside a fence is not run")
            }
        }
        return blocks
    }

    // MARK: - A node with something to show

    /// The values of the placeholders in capitals.
    private static func fill(_ node: NodeProcess) async throws -> [String: String] {
        let failing =
            #"{"id":"e1","event":"analysis.unhealthy","ts":"\#(Date().formatted(.iso8601))","namespace":"prod","rollout":"payments-api","revision":"17","attempt":3,"status":"unhealthy","az":"eu-west-1a","message":"told"}"#
        _ = try await node.post("/v1/events", token: try node.token("ingest"), failing)
        try await eventually("a digest and a delivery that waits") {
            try await node.command("outbox", "list", "--state", "waiting", "--json").output
                .contains("away")
        }
        let (silence, _) = try await node.command(
            "silence", "add", "rollout=other", "--for", "1h", "--why", "a test")
        _ = try await node.command("token", "create", "--name", "old", "--scope", "read")
        return [
            "EVENT_ID": "e1",
            "DIGEST_ID": try await first("digest", in: node, "outbox", "list"),
            "DELIVERY_ID": try await first(
                "id", in: node, "outbox", "list", "--state", "waiting"),
            "TOKEN_ID": try await first("id", where: "old", in: node, "token", "list"),
            "SILENCE_ID": silence.trimmingCharacters(in: .whitespacesAndNewlines),
        ]
    }

    /// A field of the first row with this name in a JSON list.
    private static func first(
        _ field: String, where name: String? = nil, in node: NodeProcess, _ command: String...
    ) async throws -> String {
        let (output, _) = try await node.command(command + ["--json"])
        let list = try JSONValue(
            parsing: Array(output.utf8), limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 16))
        var rows: [JSONValue] = []
        if case .array(let all) = list { rows = all }
        let row = rows.first { name == nil || $0["name"]?.string == name }
        let value = row?[field]
        return try #require(
            value?.string ?? value?.integer.map { "\($0)" }, "\(command) gave \(output)")
    }
}
