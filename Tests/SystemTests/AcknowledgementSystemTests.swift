import Foundation
import JSON
import TestSupport
import Testing
import Transfer

@Suite("Acknowledging an incident of a running node, and exporting its log", .serialized)
struct AcknowledgementSystemTests {
    private static let yaml = """
        roles: [gateway, notifier]
        digest: {first_after: 100ms, window: 300ms, max_window: 1s}
        """

    private static func list(_ node: NodeProcess) async throws -> [JSONValue] {
        let reply = try await node.get("/v1/incidents", token: node.token("read"))
        let tree = try JSONValue(
            parsing: reply.body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 16))
        guard case .array(let incidents)? = tree["incidents"] else { return [] }
        return incidents
    }

    @Test("ack names who looks after it, stops reminders, and is shown; an end by hand, too")
    func ack() async throws {
        let single = try await SingleNode.start("notifier", yaml: Self.yaml)
        defer { single.end() }
        let node = single.node
        let none = try await node.command("ack")
        #expect(none.exit == .code(0) && none.output.contains("no incident is open"))
        try await SilenceSystemTests.fail("shop", on: node)
        try await SilenceSystemTests.fail("cart", on: node)
        let read = try node.token("read")
        try await eventually("both are reported") {
            try await SilenceSystemTests.reported(node, read).count >= 2
        }
        let missing = try await node.command("ack", "payments-api")
        #expect(missing.exit == .code(1))

        // On the node's machine, by its data folder.
        let done = try await node.command(
            "ack", "prod/shop", "--for", "2h", "--who", "ann", "--why", "the new pool")
        #expect(done.exit == .code(0), "\(done.output)")
        #expect(done.output.contains("ann until"))
        let shop = try #require(
            try await Self.list(node).first { $0["group"]?["rollout"]?.string == "shop" })
        #expect(shop["acknowledged"]?["who"]?.string == "ann")
        #expect(try await node.command("ack").output.contains("by ann until"))
        #expect(try await node.command("status").output.contains("by ann until"))
        // The token of the command is ended.
        let tokens = try await node.command("token", "list")
        #expect(tokens.output.contains(#/command-line.*revoked/#), "\(tokens.output)")

        func reported(_ name: String) async throws -> [String] {
            try await SilenceSystemTests.reported(node, read).filter { $0.contains(name) }
        }
        try await eventually("who looks after it is in a message") {
            let reply = try await node.get("/v1/digests?limit=100", token: read)
            let text = String(decoding: reply.body, as: UTF8.self)
            return text.contains("acknowledged by ann until") && text.contains("the new pool")
        }
        #expect(try await reported("shop").count == 2)

        // By its address: a reader may list, only an admin may acknowledge.
        let remote = ["--url", node.url, "--ca-file", node.certificate, "--token-file"]
        let refused = try await node.command(
            ["ack", "shop", "--end"] + remote + [node.data + "/tokens/read"])
        #expect(refused.exit == .code(1))
        let audit = try await node.command(
            "logs", "query", "--where", "event=incident.acknowledged", "--json")
        #expect(audit.output.contains(#""who":"ann""#))
        #expect(audit.output.contains(#""caller":"command-line""#))
        let wrong = try await node.post(
            "/v1/incidents/\(shop["id"]?.string ?? "")/acknowledge", token: read, "{}",
            type: "application/json")
        #expect(wrong.status == 403)
    }

    @Test("logs export writes stored lines and a table, whole or not at all, and continues")
    func export() async throws {
        let single = try await SingleNode.start("notifier", yaml: Self.yaml)
        defer { single.end() }
        let node = single.node
        func send(_ number: Int, _ message: String) async throws {
            let taken = try await node.post(
                "/v1/events", token: node.token("ingest"),
                #"{"ts":"2026-11-23T06:00:0\#(number)Z","id":"x\#(number)","event":"backup.done","message":"\#(message)"}"#
            )
            #expect(taken.status == 200)
        }
        try await send(1, "a, \\\"quoted\\\"")
        try await send(2, "=HYPERLINK(1)")
        let file = node.folder.file("export.jsonl")
        let selection = ["--where", "event=backup.done", "--output", file]
        let first = try await CommandRun(
            ["logs", "export", "--config", node.configuration] + selection,
            in: node.folder.path)
        #expect(first.exit == .code(0), "\(first.errors)")
        #expect(first.errors.contains("exported 2 events"))
        let stored = try await node.command(
            "logs", "query", "--json", "--where", "event=backup.done")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == stored.output)
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(!FileManager.default.fileExists(atPath: file + ".part"))

        // An existing file is kept.
        let again = try await CommandRun(
            ["logs", "export", "--config", node.configuration] + selection, in: node.folder.path)
        #expect(again.exit == .code(64))
        // The next export goes on behind the first, also by the node's address.
        let cursor = try #require(first.errors.firstMatch(of: #/cursor: (\S+)/#)?.output.1)
        try await send(3, "third")
        let rest = try await CommandRun(
            [
                "logs", "export", "--url", node.url, "--ca-file", node.certificate,
                "--token-file", node.data + "/tokens/read", "--after", String(cursor), "--force",
            ] + selection, in: node.folder.path)
        #expect(rest.exit == .code(0), "\(rest.errors)")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains("third") && !text.contains("HYPERLINK"))

        let table = try await CommandRun(
            [
                "logs", "export", "--config", node.configuration, "--format", "csv", "--fields",
                "ts,message", "--where", "event=backup.done",
            ], in: node.folder.path)
        #expect(
            table.output == "ts,message\r\n2026-11-23T06:00:01Z,\"a, \"\"quoted\"\"\"\r\n"
                + "2026-11-23T06:00:02Z,'=HYPERLINK(1)\r\n2026-11-23T06:00:03Z,third\r\n",
            "\(table.output) \(table.errors)")
        // What is no file is not replaced by one.
        let device = try await CommandRun(
            [
                "logs", "export", "--config", node.configuration, "--output", "/dev/null",
                "--force",
            ], in: node.folder.path)
        #expect(device.exit == .code(64), "\(device.errors)")
    }
}
