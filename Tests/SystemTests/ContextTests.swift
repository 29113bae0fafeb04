import Foundation
import JSON
import TestSupport
import Testing
import Transfer

/// `bellwether context`, and commands that reach a running node by its address.
@Suite("Contexts and addresses", .serialized)
struct ContextTests {
    private static let yaml = """
        digest: {first_after: 100ms, window: 200ms, max_window: 1s, repeat: 1h}
        analysis:
          probes: [{name: node, kind: disk, path: /}]
          checks: [{id: gateway.disk_ok, critical: true}]
          concerns: {}
        """

    @Test("contexts are added, chosen, listed and removed; the file holds paths and no token")
    func book() async throws {
        let folder = try TemporaryDirectory("contexts")
        let home = ["HOME": folder.path]
        func context(_ arguments: String...) async throws -> CommandRun {
            try await CommandRun(["context"] + arguments, in: folder.path, home)
        }
        #expect(try await context("list").exit == .code(0))
        #expect(!FileManager.default.fileExists(atPath: folder.file(".config")))
        try "bw_secret\n".write(
            toFile: folder.file("token"), atomically: true, encoding: .utf8)

        let first = try await context(
            "add", "prod", "--url", "https://gw.example:8443", "--token-file", "token")
        #expect(first.exit == .code(0) && first.errors.contains("current"), "\(first.errors)")
        let second = try await context(
            "add", "test", "--url", "https://gw.test:8443", "--token-file", folder.file("token"))
        #expect(second.exit == .code(0) && !second.errors.contains("it is the current"))
        let file = folder.file(".config/bellwether/contexts.yaml")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains("token_file: \(folder.file("token"))") && !text.contains("bw_secret"))
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        let above = folder.file(".config/bellwether")
        let outer = try FileManager.default.attributesOfItem(atPath: above)[.posixPermissions]
        #expect(outer as? Int == 0o700)

        #expect(try await context("use", "test").exit == .code(0))
        #expect(try await context("use", "none").exit == .code(1))
        let list = try await context("list", "--json")
        let rows = try JSONValue(
            parsing: Array(list.output.utf8), limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 4))
        #expect(rows[0]?["name"]?.string == "prod" && rows[0]?["current"]?.bool == false)
        #expect(rows[1]?["url"]?.string == "https://gw.test:8443")
        #expect(rows[1]?["current"]?.bool == true)
        #expect(try await context("remove", "test").exit == .code(0))
        #expect(try await context("remove", "test").exit == .code(1))
        // Without a current context nothing is chosen by itself.
        let none = try await CommandRun(["outbox", "list"], in: folder.path, home)
        #expect(none.exit == .code(69), "\(none.errors)")

        for wrong in [
            ["add", "x", "--url", "https://gw.example:8443"], ["add", "x"],
            ["add", "a b", "--config", "c"],
            ["add", "x", "--url", "https://a:1", "--token-file", "token", "--config", "c"],
        ] {
            let run = try await CommandRun(["context"] + wrong, in: folder.path, home)
            #expect(run.exit == .code(64), "\(wrong): \(run.errors)")
        }
        let unread = try await context(
            "add", "x", "--url", "https://gw.example:8443", "--token-file", "missing")
        #expect(unread.exit == .code(69), "\(unread.errors)")
        try "current: gone\ncontexts: [{name: a, url: x}]\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        let broken = try await context("list")
        #expect(broken.exit == .code(78), "\(broken.errors)")
        #expect(broken.errors.contains("contexts.yaml:1:") && broken.errors.contains("yaml:2:"))
    }

    @Test("every command reaches a running node by its address, from an empty folder")
    func addresses() async throws {
        let single = try await SingleNode.start(yaml: Self.yaml)
        defer { single.end() }
        let node = single.node
        let (admin, made) = try await node.command(
            "token", "create", "--name", "root", "--scope", "admin")
        #expect(made == .code(0))
        let folder = try TemporaryDirectory("away")
        let token = node.folder.file("admin")
        try admin.write(toFile: token, atomically: true, encoding: .utf8)
        let options = [
            "--url", node.url + "/", "--token-file", token, "--ca-file", node.certificate,
        ]
        _ = try await node.post(
            "/v1/events", token: try node.token("ingest"),
            #"{"id":"e1","event":"analysis.unhealthy","ts":"\#(Date().formatted(.iso8601))","namespace":"prod","rollout":"shop","revision":"17","attempt":3,"status":"unhealthy","az":"a","message":"told"}"#
        )
        @Sendable func run(_ arguments: String...) async throws -> CommandRun {
            try await CommandRun(arguments + options, in: folder.path)
        }
        try await eventually("the digest is delivered") {
            try await run("outbox", "list", "--state", "sent").output.contains("kept")
        }
        let digests = try await run("digest", "list")
        let digest = try #require(
            digests.output.split(separator: "\n").dropFirst().first?.split(separator: " ").first)
        let shown = try await run("digest", "show", String(digest))
        #expect(shown.output.contains("shop"), "\(shown.errors)")
        #expect(try await run("digest", "preview", "--since", "1h").output.contains("shop"))
        #expect(try await run("explain", "e1").output.contains("analysis.unhealthy of prod/shop"))
        #expect(try await run("explain", "--last", "prod/shop").output.contains("told"))
        #expect(try await run("explain", "--last", "other").exit == .code(1))
        #expect(try await run("logs", "tail", "-n", "5").output.contains("told"))
        #expect(try await run("logs", "query", "--where", "rollout=shop").output.contains("told"))
        let counts = try await run("logs", "query", "--count-by", "rollout", "--json")
        // The event, and the digest that was composed of it.
        #expect(counts.output.contains(#"{"value":"shop","count":2}"#), "\(counts.output)")
        #expect(try await run("logs", "stats").output.contains("lines,"))
        #expect(try await run("logs", "verify").output.contains("segments"))
        #expect(try await run("logs", "verify", "--repair").exit == .code(64))
        #expect(try await run("outbox", "retry", "--dead").errors.contains("0 to be retried"))
        #expect(try await run("outbox", "drop", "--dead").errors.contains("0 dropped"))
        #expect(try await run("outbox", "drop", "999").exit == .code(1))
        let added = try await run("silence", "add", "rollout=other", "--for", "1h", "--why", "x")
        let silence = added.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try await run("silence", "list").output.contains(silence) && !silence.isEmpty)
        #expect(try await run("silence", "expire", silence).exit == .code(0))
        let created = try await run(
            "token", "create", "--name", "ann", "--scope", "read", "--expires", "30d", "--json")
        let record = try JSONValue(
            parsing: Array(created.output.utf8), limits: JSONLimits(maxBytes: 1 << 12, maxDepth: 2))
        let text = try #require(record["token"]?.string)
        #expect(try await node.get("/v1/digests", token: text).status == 200)
        #expect(try await node.get("/v1/tokens", token: text).status == 403)
        #expect(try await node.get("/v1/configuration", token: text).status == 403)
        let tokens = try await run("token", "list")
        #expect(tokens.output.contains("ann") && !tokens.output.contains(text))
        #expect(
            try await run("token", "revoke", try #require(record["id"]?.string)).exit == .code(0))
        #expect(try await node.get("/v1/digests", token: text).status == 401)

        let measured = try await node.measure(#"{"rollout":"cart","namespace":"prod"}"#)
        #expect(measured.status == 200)
        let status = try await run("status")
        for words in ["gw-a1", "prod/cart", "healthy", "rollout=shop", "kept", "log: "] {
            #expect(status.output.contains(words), "\(words): \(status.output)\(status.errors)")
        }
        let document = try JSONValue(
            parsing: Array(try await run("status", "--json").output.utf8),
            limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 16))
        #expect(document["incidents"]?[0]?["status"]?.string == "unhealthy")
        #expect(document["receivers"]?[0]?["name"]?.string == "kept")
        #expect(document["log"]?["max_bytes"]?.integer == 1 << 30)
        // The same through the configuration, which finds the running node.
        let local = try await node.command("status")
        #expect(local.output.contains("prod/cart"), "\(local)")
        let probed = try await run("probe", "node")
        #expect(probed.exit == .code(0) && probed.output.contains("gateway.disk_ok = yes"))
        #expect(try await run("probe", "none").exit == .code(1))
        let known = try await node.command("probe", "--json")
        #expect(known.output.contains(#""name":"gateway.disk_ok""#), "\(known)")
        let changed = node.folder.file("changed.yaml")
        try String(contentsOfFile: node.configuration, encoding: .utf8)
            .replacing("repeat: 1h", with: "repeat: 2h")
            .write(toFile: changed, atomically: true, encoding: .utf8)
        #expect(try await run("config", "diff", node.configuration).exit == .code(0))
        let diff = try await run("config", "diff", changed)
        #expect(diff.exit == .code(1), "\(diff.errors)")
        #expect(diff.output == "- digest.repeat: 1h\n+ digest.repeat: 2h\n", "\(diff.output)")

        try await contexts(node, token, folder)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        try await pasted(shown.output, in: folder)
    }

    /// The same node by environment and context; a token goes to its own address only.
    private func contexts(
        _ node: NodeProcess, _ token: String, _ folder: TemporaryDirectory
    ) async throws {
        let list = ["outbox", "list"]
        let variables = [
            "BELLWETHER_URL": node.url, "BELLWETHER_TOKEN_FILE": token,
            "BELLWETHER_CA_FILE": node.certificate,
        ]
        let environment = try await CommandRun(list, in: folder.path, variables)
        #expect(environment.exit == .code(0), "\(environment.errors)")
        let home = ["HOME": node.folder.path]
        let added = try await CommandRun(
            [
                "context", "add", "here", "--url", node.url, "--token-file", token, "--ca-file",
                node.certificate,
            ], in: folder.path, home)
        #expect(added.exit == .code(0), "\(added.errors)")
        #expect(try await CommandRun(list, in: folder.path, home).exit == .code(0))
        // As a digest prints it: the address alone; the token is that of the context.
        let bare = try await CommandRun(list + ["--url", node.url], in: folder.path, home)
        #expect(bare.exit == .code(0), "\(bare.errors)")
        let foreign = ["--url", "https://127.0.0.1:1"]
        for given in [home, variables] {
            let run = try await CommandRun(list + foreign, in: folder.path, given)
            #expect(run.exit == .code(69) && run.errors.contains("no token for"), "\(run.errors)")
        }
    }

    /// Runs the commands of a digest as somebody who copied them, with no environment.
    private func pasted(_ digest: String, in folder: TemporaryDirectory) async throws {
        let lines = digest.split(separator: "\n")
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { $0.hasPrefix("bellwether ") }
        #expect(lines.count >= 3, "\(digest)")
        let path = URL(fileURLWithPath: NodeProcess.executable).deletingLastPathComponent().path
        for line in lines {
            #expect(line.contains(" --config /"), "\(line)")
            let shell = try ChildProcess(
                "/usr/bin/env", ["-i", "PATH=\(path)", "/bin/sh", "-c", line],
                directory: folder.path)
            #expect(try await shell.waitForExit() == .code(0), "\(line): \(shell.errors)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }
}
