import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("Measurements of a running node", .serialized)
struct MeasurementTests {
    @Test("a retry gets the same bytes, before and after SIGKILL, and causes no second event")
    func repeats() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: BadInputTests.yaml)
        let fleet = Fleet()
        try fleet.start(node)
        try await node.untilReady()
        let body = #"{"rollout":"shop","namespace":"prod","revision":"3","step":"1"}"#

        // Concurrent requests: one evaluation, one response.
        let first = try await withThrowingTaskGroup(of: HTTPReply.self) { group in
            for _ in 0..<20 { group.addTask { try await node.measure(body) } }
            var replies: [HTTPReply] = []
            for try await reply in group { replies.append(reply) }
            return replies
        }
        #expect(first.allSatisfy { $0.status == 200 })
        #expect(Set(first.map(\.body)).count == 1)
        #expect(Set(first.compactMap { $0.header("etag") }).count == 1)
        let timing = #/node;dur=[0-9.]+, _own;dur=[0-9]+\.[0-9]{3}, _log;dur=[0-9]+\.[0-9]{3}/#
        #expect(first.contains { $0.header("server-timing")?.wholeMatch(of: timing) != nil })

        try await fleet.kill(node)
        try fleet.start(node)
        try await node.untilReady()
        let after = try await node.measure(body)
        // On a slow machine, the retry span may have passed.
        let document = try JSONValue(
            parsing: after.body, limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 16))
        if document["attempt"]?["n"]?.integer == 1 {
            #expect(after.body == first[0].body)
        } else {
            #expect(document["attempt"]?["n"]?.integer == 2)
        }
        #expect(document["attempt"]?["epoch"]?.integer == 1)
        #expect(document["status"]?.string == "healthy")
        #expect(document["degraded"]?.bool == false)
        #expect(document["gateway"]?["az"]?.string == "eu-west-1a")
        #expect(document["canary"]?["5xx_rate"] == .null)
        #expect(document["policy"]?.string?.hasPrefix("sha256:") == true)
        #expect(document["binary"]?.string?.count == 71)
        #expect(after.body.count < 2048)

        let (count, _) = try await node.command(
            "logs", "query", "--where", "attempt=1 rollout=shop", "--count-by", "event", "--json")
        let counts = try JSONValue(
            parsing: Array(count.utf8), limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 8))
        #expect(counts["total"]?.integer == 1)
        fleet.killAll()
    }

    @Test("a second process on the same data folder reports which process holds it")
    func lock() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: BadInputTests.yaml)
        let first = try node.start()
        try await node.untilReady()
        let second = try node.start()
        let exit = try await second.waitForExit()
        #expect(exit != .code(0))
        #expect(second.errors.contains("held by process \(first.pid)"))
        first.terminate()
        #expect(try await first.waitForExit() == .code(0), "SIGTERM drains and ends with 0")
    }

    @Test("SIGHUP applies a new policy, and keeps the current one if the new one is invalid")
    func reload() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: BadInputTests.yaml)
        let child = try node.start()
        try await node.untilReady()
        let policy = { @Sendable (rollout: String) async throws -> String in
            let reply = try await node.measure(#"{"rollout":"\#(rollout)"}"#)
            try #require(reply.status == 200)
            return try JSONValue(
                parsing: reply.body, limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 16))["policy"]?
                .string ?? ""
        }
        let old = try await policy("a")

        let text = try String(contentsOfFile: node.configuration, encoding: .utf8)
        try text.replacingOccurrences(of: "critical: true", with: "critical: maybe")
            .write(toFile: node.configuration, atomically: true, encoding: .utf8)
        child.send(SIGHUP)
        try await eventually("the wrong reload is refused") {
            child.errors.contains("reload refused")
        }
        #expect(try await policy("b") == old)

        try text.replacingOccurrences(of: "critical: true", with: "critical: true, weight: 3")
            .write(toFile: node.configuration, atomically: true, encoding: .utf8)
        child.send(SIGHUP)
        try await eventually("the new policy judges") {
            try await policy("c\(Int.random(in: 0..<1_000_000))") != old
        }
        child.terminate()
        #expect(try await child.waitForExit() == .code(0))
    }
}
