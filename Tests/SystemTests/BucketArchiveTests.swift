import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

/// Real nodes with a real store.
@Suite("A node with a bucket")
final class BucketArchiveTests: Sendable {
    let engine = TransferEngine(telemetry: .silent)
    let store: ObjectStore
    let keys: TemporaryDirectory
    let prefix = "s3://\(ObjectStore.bucket)/node/\(UInt64.random(in: .min ... .max))"

    init() async throws {
        store = try await ObjectStore.shared()
        keys = try TemporaryDirectory("keys")
        try Data(ObjectStore.accessKey.utf8).write(to: URL(fileURLWithPath: keys.file("access")))
        try Data(ObjectStore.secretKey.utf8).write(to: URL(fileURLWithPath: keys.file("secret")))
    }

    deinit { engine.shutdown() }

    private func node(_ name: String, endpoint: String? = nil) throws -> NodeProcess {
        try NodeProcess(
            name, engine: engine,
            yaml: """
                log: {max_bytes: 1MiB, min_free: 0, segment_bytes: 64KiB, per_node_share: 1}
                bucket:
                  url: "\(prefix)"
                  endpoint: "\(endpoint ?? store.endpoint)"
                  credentials: {access_key_file: \(keys.path)/access, secret_key_file: \(keys.path)/secret}
                  ship: 100ms
                analysis: {probes: [{name: node, kind: disk, path: /}], checks: [{id: gateway.disk_ok}], concerns: {}}
                """)
    }

    /// The number of the last segment that the bucket has.
    private func shipped(_ node: NodeProcess) throws -> UInt64 {
        let bytes = Array(
            (try? Data(contentsOf: URL(fileURLWithPath: node.data + "/log/shipped"))) ?? Data())
        guard bytes.count >= 16 else { return 0 }
        return bytes[8..<16].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func query(_ arguments: String...) async throws -> CommandRun {
        try await CommandRun(
            ["logs"] + arguments + [
                "--from", prefix, "--endpoint", store.endpoint,
                "--access-key-file", keys.file("access"), "--secret-key-file", keys.file("secret"),
            ], in: keys.path, ["HOME": keys.path])
    }

    @Test("keeps its history in the bucket, and a second node with its prefix ends with 78")
    func history() async throws {
        let fleet = Fleet()
        defer { fleet.killAll() }
        let node = try node("gw-a1")
        try fleet.start(node)
        try await node.untilReady()
        let token = try node.token("ingest")
        var random = SeededRandom(seed: 7)
        let bodies = 20
        let perBody = 64
        for body in 0..<bodies {
            let lines = (0..<perBody).map { i -> String in
                let noise = (0..<100).map { _ in String(random.next(), radix: 36) }.joined()
                return
                    #"{"ts":"2026-11-23T06:00:00Z","event":"deploy.note","id":"n\#(body * perBody + i)","#
                    + #""node":"gw-b","noise":"\#(noise)"}"#
            }
            let answer = try await node.post(
                "/v1/events", token: token, lines.map { $0 + "\n" }.joined())
            #expect(answer.status == 200)
            try await eventually("segment \(body + 1) is in the bucket") {
                try self.shipped(node) >= UInt64(body + 1)
            }
        }
        let total = bodies * perBody

        let ready = String(
            decoding: try await node.get("/readyz", token: try node.token("read")).body,
            as: UTF8.self)
        #expect(ready.contains(#""bucket:archives":[{"status":"pass""#), "\(ready)")
        let archives = try FileManager.default.contentsOfDirectory(atPath: node.data + "/log")
            .filter { $0.hasSuffix(".gz") }
        #expect(archives.count < bodies)

        // Without the node.
        let all = try await query("query", "--json", "--where", "event=deploy.note", "--any-field")
        #expect(all.exit == .code(0), "\(all.errors)")
        #expect(all.output.split(separator: "\n").count == total)
        let one = try await query("query", "--where", "id=n70", "--timing")
        #expect(one.output.contains("deploy.note"), "\(one.output)\(one.errors)")
        #expect(one.errors.contains(" requests"), "\(one.errors)")
        let counts = try await query("query", "--count-by", "event", "--json")
        #expect(counts.output.contains(#"{"value":"deploy.note","count":\#(total)}"#), "\(counts)")
        let stats = try await query("stats")
        #expect(stats.exit == .code(0) && stats.output.contains("bytes in s3://"), "\(stats)")
        let verified = try await query("verify")
        #expect(verified.exit == .code(0), "\(verified)")
        let tail = try await query("tail", "-n", "2")
        #expect(tail.output.split(separator: "\n").count == 2, "\(tail)")
        #expect(try await query("verify", "--repair").exit == .code(64))

        // On the node: its files and the bucket, by the command and by HTTP.
        let whole = try await node.command("logs", "query", "--count-by", "event", "--json")
        #expect(whole.output.contains(#"{"value":"deploy.note","count":\#(total)}"#), "\(whole)")
        let local = try await node.command(
            "logs", "query", "--count-by", "event", "--json", "--local")
        #expect(!local.output.contains(#""count":\#(total)}"#), "\(local)")
        let answer = try await node.get(
            "/v1/events/counts?by=event", token: try node.token("read"))
        #expect(String(decoding: answer.body, as: UTF8.self).contains(#""count":\#(total)}"#))
        let page = try await node.get(
            "/v1/events?after=0:0&limit=3&where=event=deploy.note", token: try node.token("read"))
        #expect(String(decoding: page.body, as: UTF8.self).contains(#""id":"n0""#))

        let second = try self.node("gw-a2")
        let child = try second.start()
        #expect(try await child.waitForExit() == .code(78))
        // The exit may be seen before the last of the output.
        try await eventually("the owner is named") {
            child.errors.contains("belongs to the node gw-a1")
        }
    }

    @Test("starts, measures and warns while the bucket is away")
    func away() async throws {
        let fleet = Fleet()
        defer { fleet.killAll() }
        let closed = try ClosedPort()
        let port = closed.number
        let node = try node("gw-a1", endpoint: "http://127.0.0.1:\(port)")
        // Nobody knows whether the bucket holds the log of a node whose folder is empty. Its tries
        // take some seconds; the rest goes on beside it.
        let empty = try self.node("gw-empty", endpoint: "http://127.0.0.1:\(port)")
        let refused = try empty.start()
        defer { refused.kill() }
        let text = try String(contentsOfFile: node.configuration, encoding: .utf8)
        func write(_ text: String) throws {
            try text.write(toFile: node.configuration, atomically: true, encoding: .utf8)
        }
        try write(text.replacing("http://127.0.0.1:\(port)", with: store.endpoint))
        let first = try node.start()
        try await node.untilReady()
        first.kill()
        _ = try await first.waitForExit()
        try write(text)
        try fleet.start(node)
        try await node.untilReady()
        #expect(try await node.measure(#"{"rollout":"payments-api"}"#).status == 200)
        try await eventually("the check warns") {
            let ready = try await node.get("/readyz", token: try node.token("read"))
            return ready.status == 200
                && String(decoding: ready.body, as: UTF8.self)
                    .contains(#""bucket:archives":[{"status":"warn""#)
        }
        let metrics = String(decoding: try await node.get("/metrics").body, as: UTF8.self)
        #expect(metrics.contains(#"bellwether_bucket_failures_total{kind="unreachable"}"#))

        // A command that needs the bucket ends with the store's fault; others do not need it.
        let query = try await CommandRun(
            [
                "logs", "query", "--from", prefix, "--endpoint", "http://127.0.0.1:\(port)",
                "--access-key-file", keys.file("access"), "--secret-key-file", keys.file("secret"),
            ], in: keys.path)
        #expect(query.exit == .code(69), "\(query)")
        #expect(query.errors.contains("s3://"), "\(query)")
        #expect(try await node.command("logs", "query").exit == .code(0))
        #expect(try await refused.waitForExit() == .code(70))
        try await eventually("the reason is named") {
            refused.errors.contains("is empty, and the bucket, which may hold this node's log")
        }
    }
}
