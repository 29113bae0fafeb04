import Foundation
import JSON
import TestSupport
import Testing
import Transfer

@Suite("Silences of a running node", .serialized)
struct SilenceSystemTests {
    @Test("a silence from the command line is applied, logged and counted, and ends")
    func endToEnd() async throws {
        let single = try await SingleNode.start(
            "notifier",
            yaml: """
                roles: [notifier]
                digest: {first_after: 100ms, window: 300ms, max_window: 1s, repeat: 1h}
                silences:
                  - {id: never, match: {namespace: never}, from: "00:00", until: "00:00", who: x, why: y}
                """)
        defer { single.end() }
        let node = single.node

        let (added, exit) = try await node.command(
            "silence", "add", "rollout=shop", "--for", "1h", "--who", "alice", "--why", "moving")
        #expect(exit == .code(0))
        let id = added.trimmingCharacters(in: .whitespacesAndNewlines)

        try await Self.fail("shop", on: node)
        try await Self.fail("other", on: node)
        let read = try node.token("read")
        try await eventually("the other rollout is reported", within: .seconds(20)) {
            try await Self.reported(node, read).contains { $0.contains("other") }
        }
        try await eventually("what is held back is in the log", within: .seconds(20)) {
            let (lines, _) = try await node.command(
                "logs", "query", "--where", "event=digest.suppressed silence=\(id)", "--json")
            return lines.contains("\"rollout\":\"shop\"") && lines.contains("moving")
        }
        #expect(try await !Self.reported(node, read).contains { $0.contains("shop") })
        let metrics = try await node.get("/metrics", token: read)
        #expect(
            String(decoding: metrics.body, as: UTF8.self).contains(
                "bellwether_digests_suppressed_total{cause=\"silence\"} 1"))

        // Remotely, with a token: a reader can list silences, only an admin can end one.
        let remote = [
            "--url", node.url, "--ca-file", node.certificate, "--token-file",
        ]
        let list = try await node.command(
            ["silence", "list", "--json"] + remote + [node.data + "/tokens/read"])
        #expect(list.output.contains("\"held\":1"), "\(list.output)")
        let refused = try await node.command(
            ["silence", "expire", id] + remote + [node.data + "/tokens/read"])
        #expect(refused.exit == .code(1))
        let (admin, _) = try await node.command(
            "token", "create", "--name", "root", "--scope", "admin")
        try admin.write(
            toFile: node.folder.file("admin"), atomically: true, encoding: .utf8)
        let expired = try await node.command(
            ["silence", "expire", id] + remote + [node.folder.file("admin")])
        #expect(expired.exit == .code(0), "\(expired.output)")

        try await eventually("what still fails is reported", within: .seconds(20)) {
            try await Self.reported(node, read).contains { $0.contains("shop") }
        }
        let reply = try await node.get("/v1/digests?limit=10", token: read)
        let text = String(decoding: reply.body, as: UTF8.self)
        #expect(text.contains("silenced until") && text.contains("1 message held back"))
        let (over, _) = try await node.command("silence", "list", "--all")
        #expect(over.contains(id) && over.contains("never"), "\(over)")
        let (again, failed) = try await node.command("silence", "expire", id)
        #expect(failed == .code(1), "\(again)")
    }

    static func fail(_ rollout: String, on node: NodeProcess) async throws {
        let (_, exit) = try await node.post(
            "/v1/events", token: node.token("ingest"),
            """
            {"ts":"2026-11-23T06:00:00Z","id":"\(rollout)","event":"analysis.unhealthy",\
            "level":"error","node":"gw","az":"a","namespace":"prod","rollout":"\(rollout)",\
            "revision":"1","status":"unhealthy","attempt":1}
            """)
        #expect(exit == 200)
    }

    static func reported(_ node: NodeProcess, _ token: String) async throws -> [String] {
        let reply = try await node.get("/v1/digests?limit=100", token: token)
        let list = try JSONValue(
            parsing: reply.body, limits: JSONLimits(maxBytes: 64 << 20, maxDepth: 32))
        guard case .array(let digests)? = list["digests"] else { return [] }
        return digests.compactMap { $0["subject"]?.string }
    }
}
