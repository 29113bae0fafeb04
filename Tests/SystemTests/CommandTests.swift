import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("The command line")
struct CommandTests {
    private func run(
        _ arguments: [String], in folder: TemporaryDirectory
    ) async throws -> (output: String, errors: String, exit: ChildProcess.Exit) {
        let child = try ChildProcess(
            NodeProcess.executable, arguments, directory: folder.path)
        let exit = try await child.waitForExit()
        return (child.output, child.errors, exit)
    }

    @Test("check reports every fault with its line, and exits with 78")
    func check() async throws {
        let folder = try TemporaryDirectory()
        try """
        node: gw
        analysis:
          budgets: 2s
          interval: soon
        log: {max_bytes: -3}
        """.write(toFile: folder.file("bad.yaml"), atomically: true, encoding: .utf8)
        let (_, errors, exit) = try await run(["check", "--config", "bad.yaml"], in: folder)
        #expect(exit == .code(78))
        for place in ["bad.yaml:3:", "bad.yaml:4:", "bad.yaml:5:"] {
            #expect(errors.contains(place), "\(errors)")
        }
        let missing = try await run(["check", "--config", "none.yaml"], in: folder)
        #expect(missing.exit == .code(78))
        let served = try await run(["serve", "--config", "bad.yaml"], in: folder)
        #expect(served.exit == .code(78))
    }

    @Test("init creates a folder that check accepts, and refuses an existing one")
    func initialise() async throws {
        let folder = try TemporaryDirectory()
        let made = try await run(["init", "node"], in: folder)
        #expect(made.exit == .code(0))
        #expect(made.output.contains("node/bellwether.yaml"))
        let checked = try await run(["check", "--config", "node/bellwether.yaml"], in: folder)
        #expect(checked.exit == .code(0), "\(checked.errors)")
        let token = try String(
            contentsOfFile: folder.file("node/data/tokens/analysis"), encoding: .utf8)
        #expect(token.hasPrefix("bw_"))
        let again = try await run(["init", "node"], in: folder)
        #expect(again.exit == .code(73))
    }

    @Test("init writes the commented configuration of Config, and an admin token")
    func initialiseCommented() async throws {
        let folder = try TemporaryDirectory()
        let made = try await run(["init", "a \"node"], in: folder)
        #expect(made.exit == .code(0), "\(made.errors)")
        let file = folder.file("a \"node/bellwether.yaml")
        // Standard output has the files alone.
        #expect(made.output.split(separator: "\n").allSatisfy { $0.hasPrefix(folder.path) })
        #expect(made.errors.contains("check --config '\(file)'"), "\(made.errors)")
        #expect(made.errors.contains("serve --config '\(file)'"))
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Config/bellwether.yaml")
        let data = folder.file("a \\\"node/data")
        #expect(
            try String(contentsOfFile: file, encoding: .utf8)
                == String(contentsOf: source, encoding: .utf8)
                .replacing("data_dir: ./data\n", with: "data_dir: \"\(data)\"\n"))
        let checked = try await run(["check", "--config", file], in: folder)
        #expect(checked.exit == .code(0), "\(checked.errors)")
        let listed = try await run(["token", "list", "--config", file], in: folder)
        #expect(listed.output.contains(#/admin +admin +active/#), "\(listed.output)")
        #expect(
            try String(contentsOfFile: folder.file("a \"node/data/tokens/admin"), encoding: .utf8)
                .hasPrefix("bw_"))
    }

    @Test("health exits with 0 where the node is ready, else with 1 and the reason")
    func health() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess(
            "healthy", engine: engine,
            yaml: """
                analysis:
                  probes: [{name: node, kind: disk, path: /}]
                  checks: [{id: gateway.disk_ok}]
                  concerns: {}
                """)
        let before = try await node.command("health")
        #expect(before.exit == .code(1))
        #expect(before.output.contains("127.0.0.1:\(node.port) does not answer"))
        let fleet = Fleet()
        defer { fleet.killAll() }
        try fleet.start(node)
        try await node.untilReady()
        let ready = try await node.command("health")
        #expect(ready.exit == .code(0), "\(ready.output)")
        #expect(ready.output.hasPrefix("127.0.0.1:\(node.port) is ready ("))
    }

    @Test("demo --canary serves the metrics page that a node elsewhere measures")
    func simulator() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let port = try FreePort.take()
        let child = try ChildProcess(
            NodeProcess.executable, ["demo", "--canary", "127.0.0.1:\(port)"])
        try await eventually("the simulator serves") {
            (try? await engine.http(HTTPTransfer(url: "http://127.0.0.1:\(port)/metrics")))?.status
                == 200
        }
        let page = try await engine.http(HTTPTransfer(url: "http://127.0.0.1:\(port)/metrics"))
        #expect(
            String(decoding: page.body, as: UTF8.self).contains("role=\"canary\",code=\"503\""))
        child.kill()
        let wrong = try await run(["demo", "--canary", "9102"], in: TemporaryDirectory())
        #expect(wrong.exit == .code(70))
    }

    @Test("a token is printed once, listed without its value, and revoked")
    func tokens() async throws {
        let folder = try TemporaryDirectory()
        let node = try await run(["init", "node"], in: folder)
        #expect(node.exit == .code(0))
        try FileManager.default.copyItem(
            atPath: folder.file("node/bellwether.yaml"), toPath: folder.file("bellwether.yaml"))
        let made = try await run(
            ["token", "create", "--name", "argo", "--scope", "analysis", "--expires", "30d"],
            in: folder)
        #expect(made.exit == .code(0))
        let token = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(token.hasPrefix("bw_"))
        let listed = try await run(["token", "list", "--json"], in: folder)
        #expect(!listed.output.contains(token))
        let rows = try JSONValue(
            parsing: Array(listed.output.utf8), limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 4))
        var all: [JSONValue] = []
        if case .array(let elements) = rows { all = elements }
        let row = try #require(all.first { $0["name"]?.string == "argo" })
        let id = try #require(row["id"]?.string)
        #expect(row["state"]?.string == "active")
        let revoked = try await run(["token", "revoke", id], in: folder)
        #expect(revoked.exit == .code(0))
        let after = try await run(["token", "list"], in: folder)
        #expect(after.output.contains("revoked"))
        let unknown = try await run(["token", "revoke", "t-none"], in: folder)
        #expect(unknown.exit != .code(0))
    }

    @Test("template analysis prints one object; the Secret and the Rollout are comments on request")
    func template() async throws {
        let folder = try TemporaryDirectory()
        let made = try await run(["init", "node"], in: folder)
        try #require(made.exit == .code(0), "\(made.errors)")
        let analysis = ["template", "analysis", "--config", "node/bellwether.yaml"]
        let alone = try await run(analysis, in: folder)
        #expect(alone.exit == .code(0), "\(alone.errors)")
        let bare = alone.output.split(separator: "\n")
        #expect(bare.filter { $0.hasPrefix("kind:") } == ["kind: AnalysisTemplate"])
        #expect(!bare.contains { $0.contains("kubectl") || $0.hasPrefix("---") })
        for (options, secrets, patches) in [
            (["--secret"], 1, 0), (["--rollout", "shop"], 0, 2),
            (["--secret", "--rollout", "shop"], 1, 2),
        ] {
            let printed = try await run(analysis + options, in: folder)
            let all = printed.output.split(separator: "\n")
            #expect(Array(all.prefix(bare.count)) == bare, "\(options)")
            let comments = all.dropFirst(bare.count)
            #expect(comments.allSatisfy { $0.hasPrefix("#") }, "\(options)")
            #expect(
                comments.count { $0.contains("create secret generic bellwether-token ") }
                    == secrets)
            #expect(comments.count { $0.contains("patch rollout shop ") } == patches)
        }
        // What Argo would misjudge is not printed.
        for (options, words) in [
            (["--count", "2"], "--count 2: with fewer than 3 measurements"),
            (["--count", "5", "--failure-limit", "5"], "--failure-limit 5 is not below --count 5"),
            (["--url", "https://gw.example/rollouts/analysis"], "the gateway has no path"),
        ] {
            let refused = try await run(analysis + options, in: folder)
            #expect(refused.exit == .code(1), "\(refused.errors)")
            #expect(refused.output.isEmpty, "\(refused.output)")
            #expect(refused.errors.contains(words), "\(refused.errors)")
        }
    }

    @Test("replay agrees with every published vector, and reports differences")
    func replay() async throws {
        let folder = try TemporaryDirectory()
        let published = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("AnalysisTests/Vectors/judge.json")
        let text = try String(contentsOf: published, encoding: .utf8)
        try text.write(toFile: folder.file("same.json"), atomically: true, encoding: .utf8)
        let same = try await run(["replay", "--vectors", "same.json"], in: folder)
        #expect(same.exit == .code(0), "\(same.output)")

        let changed = text.replacingOccurrences(of: "0.608253001875", with: "0.608253011875")
        try changed.write(toFile: folder.file("changed.json"), atomically: true, encoding: .utf8)
        let differs = try await run(["replay", "--vectors", "changed.json"], in: folder)
        #expect(differs.exit == .code(1))
        #expect(differs.output.contains("p_ratio"), "\(differs.output)")
    }

    @Test("replay names what is no event, instead of nothing to judge")
    func replayedFiles() async throws {
        let folder = try TemporaryDirectory()
        let made = try await run(["init", "node"], in: folder)
        try #require(made.exit == .code(0), "\(made.errors)")
        let config = ["--config", "node/bellwether.yaml"]
        let event = #"{"event":"backup.done","ts":"2026-11-23T06:00:00Z"}"#
        let group = #"{"event":"log.commit","segment":1,"end":9}"#
        for (text, code, words) in [
            ("\u{FEFF}\(event)\n\n\(group)\n\(event)", 0, "0 judged again"), ("", 0, "0 judged"),
            ("ts,event\n2026-11-23,x\n", 65, "2 of 2 lines are no events; the first is line 1"),
            ("\(event)\n\(event.dropLast(3))\n", 65, "1 of 2 lines are no events"),
            (#"{"rollout":"shop"}"#, 65, "field \"ts\" is missing"),
        ] as [(String, Int32, String)] {
            try text.write(toFile: folder.file("lines"), atomically: true, encoding: .utf8)
            let found = try await run(["replay", "lines"] + config, in: folder)
            #expect(found.exit == .code(code), "\(text): \(found.errors)")
            #expect(found.errors.contains(words), "\(text): \(found.errors)")
        }
        try Data([0x1F, 0x8B, 8, 0]).write(to: URL(fileURLWithPath: folder.file("lines.gz")))
        let archive = try await run(["replay", "lines.gz"] + config, in: folder)
        #expect(archive.exit == .code(65))
        #expect(archive.errors.contains("zcat lines.gz"))
    }
}
