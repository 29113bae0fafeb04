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

    @Test("health --url requests a node elsewhere, verifies its certificate and needs no token")
    func healthElsewhere() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess(
            "elsewhere", engine: engine,
            yaml: """
                analysis:
                  probes: [{name: node, kind: disk, path: /}]
                  checks: [{id: gateway.disk_ok}]
                  concerns: {}
                """)
        let folder = try TemporaryDirectory("asking")
        @Sendable func health(
            _ options: [String], _ variables: [String: String] = [:]
        ) async throws -> CommandRun {
            try await CommandRun(["health"] + options, in: folder.path, variables)
        }
        let away = try await health(["--url", node.url])
        #expect(away.exit == .code(1))
        #expect(away.output.contains("\(node.url) does not answer"), "\(away.output)")
        let fleet = Fleet()
        defer { fleet.killAll() }
        try fleet.start(node)
        try await node.untilReady()
        let trusted = ["--url", node.url + "/", "--ca-file", node.certificate]
        let ready = try await health(trusted)
        #expect(ready.exit == .code(0), "\(ready.output) \(ready.errors)")
        #expect(ready.output.hasPrefix("\(node.url) is ready ("), "\(ready.output)")
        // The suffix of the commands in a digest, with a token file that is not on this machine.
        let pasted = try await health(trusted + ["--token-file", folder.file("none")])
        #expect(pasted.exit == .code(0), "\(pasted.errors)")
        let variables = [
            "BELLWETHER_URL": node.url, "BELLWETHER_CA_FILE": node.certificate,
        ]
        #expect(try await health([], variables).exit == .code(0))
        let untrusted = try await health(["--url", node.url])
        #expect(untrusted.exit == .code(1))
        let both = try await health(["--url", node.url, "--config", node.configuration])
        #expect(both.exit == .code(64), "\(both.errors)")
        let foreign = try await health(["--url", "elsewhere:8443"])
        #expect(foreign.exit == .code(1))
        #expect(foreign.errors.contains("is not an address"), "\(foreign.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test(
        "a number of results that cannot be meant is refused, not rounded",
        arguments: [
            ["logs", "query", "--limit", "0"], ["logs", "query", "--limit=-5"],
            ["outbox", "list", "--limit", "0"],
            ["outbox", "list", "--limit", "5000"], ["digest", "list", "--limit=-1"],
        ])
    func limits(arguments: [String]) async throws {
        let folder = try TemporaryDirectory("limits")
        let run = try await CommandRun(arguments, in: folder.path)
        #expect(run.exit == .code(64), "\(arguments): \(run.errors)")
        #expect(run.errors.contains("takes a number"), "\(run.errors)")
    }

    @Test("a rehearsal with a token but without the node it is for is refused")
    func rehearsalWithoutNode() async throws {
        let folder = try TemporaryDirectory("rehearsal")
        let bookmark = folder.file("bookmark.json")
        try "{}".write(toFile: bookmark, atomically: true, encoding: .utf8)
        let run = try await CommandRun(
            ["rehearse", "restore", bookmark, "--token-file", "token"], in: folder.path)
        #expect(run.exit == .code(64), "\(run.exit) \(run.errors)")
        #expect(run.errors.contains("belong to --url"), "\(run.errors)")
    }

    @Test("a page with the status 200 that is no health document is not ready")
    func healthOfAnotherServer() async throws {
        let port = try FreePort.take()
        let child = try ChildProcess(
            "python3",
            [
                "-c",
                """
                import http.server, sys
                class H(http.server.BaseHTTPRequestHandler):
                    def do_GET(self):
                        body = b'<html>Welcome</html>'
                        self.send_response(200)
                        self.send_header('Content-Length', str(len(body)))
                        self.end_headers()
                        self.wfile.write(body)
                http.server.HTTPServer(('127.0.0.1', \(port)), H).serve_forever()
                """,
            ])
        defer { child.kill() }
        let folder = try TemporaryDirectory("other")
        try await eventually("the other server answers, and is no ready node") {
            let run = try await CommandRun(
                ["health", "--url", "http://127.0.0.1:\(port)"], in: folder.path)
            return run.exit == .code(1)
                && run.output.contains("is not ready (HTTP 200, which is no health document)")
        }
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

    @Test("commands end also below a program that ignores the ends of its children")
    func ignoredChildren() async throws {
        let folder = try TemporaryDirectory("ignored")
        try """
        analysis:
          probes:
            - {name: good, kind: command, command: [/bin/sh, -c, "exit 0"], timeout: 2s}
            - {name: bad, kind: command, command: [/bin/sh, -c, "exit 3"], timeout: 2s}
          checks: [{id: gateway.good_ok}, {id: gateway.bad_ok}]
          concerns: {}
        """.write(toFile: folder.file("bellwether.yaml"), atomically: true, encoding: .utf8)
        let child = try ChildProcess(
            "python3",
            [
                "-c",
                "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])",
                NodeProcess.executable, "probe", "--config", folder.file("bellwether.yaml"),
            ])
        let exit = try await child.waitForExit()
        #expect(exit == .code(0), "\(child.output) \(child.errors)")
        #expect(child.output.contains("gateway.good_ok = yes"), "\(child.output)")
        #expect(child.output.contains("gateway.bad_ok = no"), "\(child.output)")
    }

    @Test("replay --url judges the events of a running node by the checks of a file here")
    func replayedNode() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess(
            "replayed", engine: engine,
            yaml: """
                analysis:
                  probes: [{name: node, kind: disk, path: /}]
                  checks: [{id: gateway.disk_free_bytes, fail: 1, direction: below}]
                  concerns: {}
                """)
        let fleet = Fleet()
        defer { fleet.killAll() }
        try fleet.start(node)
        try await node.untilReady()
        let verdict = try await node.measure(#"{"rollout":"shop"}"#)
        #expect(verdict.status == 200)
        let folder = try TemporaryDirectory("policies")
        for (name, limit) in [("same", "1"), ("strict", "1e300")] {
            try """
            analysis:
              probes: [{name: node, kind: disk, path: /}]
              checks: [{id: gateway.disk_free_bytes, fail: \(limit), direction: below}]
              concerns: {}
            """.write(toFile: folder.file("\(name).yaml"), atomically: true, encoding: .utf8)
        }
        let remote = [
            "--url", node.url, "--token-file", node.data + "/tokens/read", "--ca-file",
            node.certificate,
        ]
        func replay(_ options: [String]) async throws -> CommandRun {
            try await CommandRun(["replay"] + options, in: folder.path)
        }
        let same = try await replay(["--config", "same.yaml"] + remote)
        #expect(same.exit == .code(0), "\(same.errors)")
        #expect(same.errors.contains("1 judged again, 0 would change"), "\(same.errors)")
        let strict = try await replay(["--config", "strict.yaml"] + remote)
        #expect(strict.exit == .code(1), "\(strict.errors)")
        #expect(strict.output.contains("default/shop"), "\(strict.output)")
        let both = try await replay(["lines", "--config", "same.yaml"] + remote)
        #expect(both.exit == .code(64), "\(both.errors)")
        let alone = try await replay(["--config", "same.yaml", "--token-file", "t"])
        #expect(alone.exit == .code(64), "\(alone.errors)")
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
