import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

/// A running node answers bad input with the contract's code and a problem document, logs an event,
/// and serves the next valid request.
@Suite("Bad input", .serialized)
struct BadInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let body: String
        let status: Int
        var reason: String
        var path = "/rollouts/analysis"
        var token: String?
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "broken JSON", body: #"{"rollout":"#, status: 400, reason: "json_malformed"),
        Case(name: "no JSON at all", body: "<html>", status: 400, reason: "json_malformed"),
        Case(name: "no rollout", body: "{}", status: 400, reason: "field_missing"),
        Case(
            name: "wrong type", body: #"{"rollout":["a"]}"#, status: 400, reason: "field_type"),
        Case(
            name: "no Kubernetes name", body: #"{"rollout":"a;rm -rf /"}"#, status: 400,
            reason: "field_invalid"),
        Case(
            name: "depth bomb",
            body: #"{"rollout":"a","x":"# + String(repeating: "[", count: 5000), status: 400,
            reason: "json_malformed"),
        Case(
            name: "too large",
            body: #"{"rollout":"a","x":""# + String(repeating: "y", count: 70_000) + #""}"#,
            status: 413, reason: "body_too_large"),
        Case(
            name: "unknown concern", body: #"{"rollout":"a"}"#, status: 404,
            reason: "concern_unknown", path: "/rollouts/analysis/nonsense"),
        Case(
            name: "foreign token", body: #"{"rollout":"shop","namespace":"prod"}"#, status: 401,
            reason: "token_unknown", token: "bw_not-one-of-ours"),
    ]

    @Test("bad input gets its code, a problem document and an event; a valid request then works")
    func refused() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: Self.yaml)
        let fleet = Fleet()
        try fleet.start(node)
        try await node.untilReady()

        for example in Self.cases {
            let reply = try await node.measure(
                example.body, path: example.path, token: example.token)
            #expect(reply.status == example.status, "\(example.name)")
            #expect(
                reply.header("content-type") == "application/problem+json", "\(example.name)")
            let problem = try JSONValue(
                parsing: reply.body, limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 8))
            #expect(problem["status"]?.integer == Int64(example.status), "\(example.name)")
            #expect(problem["reason"]?.string == example.reason, "\(example.name)")

            let good = try await node.measure(#"{"rollout":"shop-\#(example.status)"}"#)
            #expect(good.status == 200, "after \(example.name)")
        }

        // A token with another scope is known but not sufficient.
        let scope = try await node.measure(#"{"rollout":"a"}"#, token: try node.token("read"))
        #expect(scope.status == 403)

        let events = try await events(node)
        let refusals = events.filter {
            ["request.refused", "auth.refused"].contains($0["event"]?.string ?? "")
        }
        for example in Self.cases {
            #expect(
                refusals.contains {
                    $0["code"]?.integer == Int64(example.status)
                        && $0["reason"]?.string == example.reason
                }, "no event for \(example.name)")
        }
        let foreign = refusals.first { $0["reason"]?.string == "token_unknown" }
        #expect(foreign?["rollout"]?.string == "shop")
        #expect(foreign?["namespace"]?.string == "prod")
        #expect(foreign?["peer"]?.string == "127.0.0.1")
        // The log identifies tokens by id and contains no token.
        let log = try String(contentsOfFile: node.data + "/log/active.jsonl", encoding: .utf8)
        #expect(!log.contains("bw_not-one-of-ours"))
        #expect(!log.contains(try node.token("read")))
        fleet.killAll()
    }

    @Test("100 MB of zeros in 100 kB of gzip is refused, and valid lines are still accepted")
    func bomb() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("notifier", engine: engine, yaml: Self.yaml)
        let fleet = Fleet()
        try fleet.start(node)
        try await node.untilReady()
        let bomb = node.folder.file("bomb.gz")
        let maker = try ChildProcess(
            "/bin/sh", ["-c", "head -c 104857600 /dev/zero | gzip -9 > '\(bomb)'"])
        #expect(try await maker.waitForExit() == .code(0))

        let body = Array(try Data(contentsOf: URL(fileURLWithPath: bomb)))
        #expect(body.count < 200_000)
        let refused = try await ingest(node, engine, body, gzip: true)
        #expect(refused.status == 413)

        let lines = """
            {"event":"backup.failed","ts":"2026-11-23T06:00:00Z","id":"a"}
            {"event":"backup.failed"}
            {"event":"backup.failed","ts":"2026-11-23T06:00:00Z","id":"a"}
            """
        let taken = try await ingest(node, engine, Array(lines.utf8), gzip: false)
        #expect(taken.status == 200)
        let receipt = try JSONValue(
            parsing: taken.body, limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 8))
        #expect(receipt["accepted"]?.integer == 1)
        #expect(receipt["duplicates"]?.integer == 1)
        #expect(receipt["rejected"]?[0]?["line"]?.integer == 2)

        let nothing = try await ingest(node, engine, Array("nonsense\n".utf8), gzip: false)
        #expect(nothing.status == 400)
        let problem = try JSONValue(
            parsing: nothing.body, limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 8))
        #expect(problem["rejected"]?[0]?["line"]?.integer == 1)
        fleet.killAll()
    }

    static let yaml = """
        az: eu-west-1a
        analysis:
          probes: [{name: node, kind: disk, path: /, timeout: 1s}]
          checks: [{id: gateway.disk_ok, critical: true}]
          concerns: {}
        """

    private func ingest(
        _ node: NodeProcess, _ engine: TransferEngine, _ body: [UInt8], gzip: Bool
    ) async throws -> HTTPReply {
        var headers = [("Authorization", "Bearer \(try node.token("ingest"))")]
        if gzip { headers.append(("Content-Encoding", "gzip")) }
        return try await engine.http(
            HTTPTransfer(
                url: node.url + "/v1/events", method: "POST", headers: headers, body: body,
                tls: .file(node.certificate)))
    }

    private func events(_ node: NodeProcess) async throws -> [JSONValue] {
        let (output, exit) = try await node.command("logs", "query", "--json")
        try #require(exit == .code(0))
        return try output.split(separator: "\n").map {
            try JSONValue(
                parsing: Array($0.utf8), limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 16))
        }
    }
}
