import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

extension PoisonLineTests {
    @Test(
        "for clients that ask again and again: all lines but one are found, counted and shown",
        arguments: ["query", "counts", "follow", "verify", "verdict"])
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
        let admin = try await self.admin(node)
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
                case "verify":
                    _ = try await node.get("/v1/events/verify", token: admin)
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

    /// A new token with the scope `admin`.
    private func admin(_ node: NodeProcess) async throws -> String {
        let made = try await node.command(
            "token", "create", "--name", "root", "--scope", "admin")
        return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test("at a start that makes a lost index anew: the node starts, and verifies its log")
    func lostIndex() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess(
            "gw-a1", engine: engine, yaml: "roles: [notifier]\nlog: {segment_age: 1s}")
        @Sendable func post(_ id: String) async throws {
            let line =
                #"{"ts":"\#(Date.now.ISO8601Format())","event":"test.line","id":"\#(id)"}"# + "\n"
            let reply = try await node.post("/v1/events", token: node.token("ingest"), line)
            try #require(reply.status == 200)
        }
        let folder = node.data + "/log/"
        @Sendable func names(_ suffix: String) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
                .filter { $0.hasSuffix(suffix) }
        }
        let first = try node.start(as: Self.executable)
        try await node.untilReady()
        try await post("poison-query")
        try await eventually("the line is in an archive", within: .seconds(60)) {
            // A line closes the segment once it is old enough.
            try await post("\(UInt64.random(in: 0 ... .max))")
            return !names(".gz").isEmpty && names(".gz").count == names(".idx").count
        }
        let admin = try await self.admin(node)
        first.kill()
        try await first.waitForExit()
        for lost in names(".idx") + names("marks") + names("marks.old") {
            try FileManager.default.removeItem(atPath: folder + lost)
        }
        let (deaths, child) = try await supervise(
            node,
            until: {
                guard try await node.get("/readyz").status == 200 else { return false }
                return try await quarantined(node, by: "query") == 1
            })
        #expect(deaths == Self.crashes)
        let verified = try await node.get("/v1/events/verify", token: admin)
        #expect(verified.status == 200)
        let report = try JSONValue(
            parsing: verified.body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 8))
        #expect(report["sound"]?.bool == true, "\(String(decoding: verified.body, as: UTF8.self))")
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
