import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

extension PoisonLineTests {
    @Test(
        "for clients that ask again and again: all lines but one are found, counted and shown",
        arguments: ["query", "counts", "follow", "verdict"])
    func asked(kind: String) async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: "roles: [notifier]")
        let reader = kind == "verdict" ? "verdict" : "query"
        let names = ["shop", "poison-\(reader)", "bar"]
        let body = names.map {
            #"{"ts":"\#(Date.now.ISO8601Format())","event":"test.line","id":"\#($0)","rollout":"\#($0)"}"#
                + "\n"
        }.joined()
        let first = try node.start(as: Self.executable)
        try await node.untilReady()
        try #require(
            try await node.post("/v1/events", token: node.token("ingest"), body).status == 200)
        first.terminate()
        try #require(try await first.waitForExit() == .code(0))
        let wanted = "where=event%3Dtest.line"
        let (deaths, child) = try await supervise(
            node,
            {
                switch kind {
                case "query":
                    _ = try await node.get("/v1/events?\(wanted)", token: node.token("read"))
                case "counts":
                    _ = try await node.get(
                        "/v1/events/counts?by=rollout&\(wanted)", token: node.token("read"))
                case "follow": try await Self.follow("after=0:0&\(wanted)", at: node, engine)
                default: try await Self.look(at: node, engine, "/attempts/poison-verdict")
                }
            },
            until: {
                guard try await node.get("/readyz").status == 200 else { return false }
                return try await quarantined(node, by: reader) == 1
            })
        // The page of one verdict reads its line alone from the start.
        #expect(deaths == (kind == "verdict" ? 3 : Self.crashes))
        let found = try await node.get("/v1/events?\(wanted)", token: node.token("read"))
        try #require(found.status == 200)
        let text = String(decoding: found.body, as: UTF8.self)
        for name in names {
            #expect(text.contains(name) == (name != "poison-query"), "\(name): \(text)")
        }
        let counts = try await node.get(
            "/v1/events/counts?by=rollout&\(wanted)", token: node.token("read"))
        let tree = try JSONValue(
            parsing: counts.body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 8))
        #expect(tree["total"]?.integer == (kind == "verdict" ? 3 : 2))
        #expect(child.isRunning)
        child.terminate()
        #expect(try await child.waitForExit() == .code(0))
    }

    /// Reads a stream of events until it has the last line or ends.
    private static func follow(
        _ query: String, at node: NodeProcess, _ engine: TransferEngine
    ) async throws {
        var request = HTTPTransfer(
            url: node.url + "/v1/events?follow=true&" + query,
            headers: [("Authorization", "Bearer \(try node.token("read"))")],
            tls: .file(node.certificate))
        request.onBody = { !String(decoding: $0, as: UTF8.self).contains(#""rollout":"bar""#) }
        _ = try await engine.http(request)
    }
}
