import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

/// Two gateways in two zones and a notifier run as real processes. Each is killed repeatedly while
/// measurements continue.
@Suite("Three processes under SIGKILL", .serialized)
struct KillTests {
    static let rollouts = 5
    static let attempts = 30
    static let killsOfEach = 5

    @Test("every verdict is in the archive exactly once, and every failure in a digest")
    func nothingLostNothingTwice() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let notifier = try NodeProcess(
            "notifier", engine: engine,
            yaml: """
                roles: [notifier]
                log: {segment_bytes: 64KiB}
                digest: {first_after: 1s, window: 2s, max_window: 10s, repeat: 3s, storm: {groups: 0}}
                """)
        let processes = Fleet()
        try processes.start(notifier)
        try await notifier.untilReady()

        let report = notifier.folder.file("doctor.json")
        try #"{"error_rate": 0.02}"#.write(toFile: report, atomically: true, encoding: .utf8)
        let gateways = try ["gw-a1": "eu-west-1a", "gw-b1": "us-east-1b"].sorted { $0.key < $1.key }
            .map { name, az in
                try NodeProcess(
                    name, engine: engine,
                    yaml: """
                        az: \(az)
                        roles: [gateway]
                        forward:
                          to: "\(notifier.url)"
                          token_file: \(notifier.data)/tokens/ingest
                          ca_file: \(notifier.certificate)
                          retry_ceiling: 500ms
                        analysis:
                          probes: [{name: doctor, kind: file, path: \(report), max_age: 1h}]
                          checks: [{id: doctor.error_rate, warn: 0.005, fail: 0.01, critical: true}]
                          concerns: {}
                        """)
            }
        for gateway in gateways { try processes.start(gateway) }
        for gateway in gateways { try await gateway.untilReady() }

        // Callers repeat each attempt until it is answered, and then once more, as a controller
        // that lost the response would.
        let total = gateways.count * Self.rollouts * Self.attempts
        try await withThrowingTaskGroup(of: Void.self) { group in
            for gateway in gateways {
                group.addTask { try await Self.measure(gateway) }
            }
            group.addTask {
                for round in 0..<Self.killsOfEach {
                    for node in gateways + [notifier] {
                        try await processes.kill(node)
                        try processes.start(node)
                        try await node.untilReady()
                    }
                    _ = round
                }
            }
            try await group.waitForAll()
        }

        // All events arrive.
        let read = try notifier.token("read")
        try await eventually("all \(total) events are at the notifier", within: .seconds(90)) {
            try await Self.events(notifier, read).count >= total
        }
        // Kill once more: only data on disk counts.
        try await processes.kill(notifier)
        try processes.start(notifier)
        try await notifier.untilReady()

        let events = try await Self.events(notifier, read)
        var seen: [String: Int] = [:]
        for event in events { seen[Self.key(event), default: 0] += 1 }
        #expect(seen.values.allSatisfy { $0 == 1 }, "duplicates: \(seen.filter { $0.value > 1 })")
        #expect(seen.count == total)
        #expect(events.allSatisfy { $0["status"]?.string == "unhealthy" })

        try await eventually("every failure is in a digest", within: .seconds(60)) {
            try await Self.toldEvents(notifier, read) == total
        }
        // The file receiver got each digest exactly once. The last one may still be under way.
        try await eventually("every delivery is sent", within: .seconds(60)) {
            try await Self.deliveries(notifier).allSatisfy { $0["state"]?.string == "sent" }
        }
        let rows = try await Self.deliveries(notifier)
        #expect(!rows.isEmpty)
        #expect(Set(rows.compactMap { $0["digest"]?.string }).count == rows.count)

        let (_, verified) = try await notifier.command("logs", "verify")
        #expect(verified == .code(0))
        processes.killAll()
    }

    private static func deliveries(_ notifier: NodeProcess) async throws -> [JSONValue] {
        let (list, exit) = try await notifier.command("outbox", "list", "--json")
        try #require(exit == .code(0))
        let outbox = try JSONValue(
            parsing: Array(list.utf8), limits: JSONLimits(maxBytes: 8 << 20, maxDepth: 8))
        guard case .array(let rows) = outbox else {
            Issue.record("no list: \(list)")
            return []
        }
        return rows
    }

    private static func measure(_ gateway: NodeProcess) async throws {
        for attempt in 1...attempts {
            for rollout in 0..<rollouts {
                let body =
                    #"{"rollout":"shop-\#(rollout)","namespace":"prod","revision":"7","attempt":"\#(attempt)"}"#
                let first = try await answer(gateway, body)
                let again = try await answer(gateway, body)
                #expect(first == again, "a repeat got other bytes")
            }
        }
    }

    /// Returns the response's bytes; retries while the gateway is down.
    private static func answer(_ gateway: NodeProcess, _ body: String) async throws -> [UInt8] {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if let reply = try? await gateway.measure(body), reply.status == 200 {
                return reply.body
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw NeverHappened(description: "\(gateway.name) never answered")
    }

    private static func events(_ node: NodeProcess, _ token: String) async throws -> [JSONValue] {
        let reply = try await node.get("/v1/events?limit=100000", token: token)
        try #require(reply.status == 200)
        return try reply.body.split(separator: UInt8(ascii: "\n")).map {
            try JSONValue(parsing: Array($0), limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 16))
        }.filter { $0["event"]?.string?.hasPrefix("analysis.") == true }
    }

    private static func key(_ event: JSONValue) -> String {
        "\(event["node"]?.string ?? "") \(event["rollout"]?.string ?? "") \(event["attempt"]?.integer ?? 0)"
    }

    /// The events counted in the digests of the rollouts under test.
    private static func toldEvents(_ node: NodeProcess, _ token: String) async throws -> Int {
        let reply = try await node.get("/v1/digests?limit=1000", token: token)
        try #require(reply.status == 200)
        let list = try JSONValue(
            parsing: reply.body, limits: JSONLimits(maxBytes: 64 << 20, maxDepth: 32))
        guard case .array(let digests)? = list["digests"] else { return 0 }
        return digests.reduce(0) { sum, digest in
            let isOurs =
                digest["digest"]?["group"]?["rollout"]?.string?.hasPrefix("shop-") == true
            return isOurs ? sum + Int(digest["digest"]?["events"]?.integer ?? 0) : sum
        }
    }
}
