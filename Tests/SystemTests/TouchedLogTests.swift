import Foundation
import JSON
import Synchronization
import Telemetry
import TestSupport
import Testing
import Transfer

/// A real node whose log files or disk are changed by another program.
@Suite("Another program changes the log's files or fills its disk", .serialized)
struct TouchedLogTests {
    private static let yaml = """
        roles: [notifier]
        digest: {first_after: 1s, window: 2s, max_window: 10s, repeat: 3s}

        """

    private static func line(_ seq: Int) -> String {
        #"{"ts":"2026-11-23T06:00:00Z","event":"job.done","node":"sender","epoch":"e","seq":\#(seq),"message":"\#(String(repeating: "x", count: 300))"}"#
    }

    /// Reads the stored lines in a separate process.
    private static func stored(_ node: NodeProcess) async throws -> [JSONValue] {
        let (output, exit) = try await node.command("logs", "query", "--json")
        try #require(exit == .code(0), "\(output.suffix(300))")
        return try output.split(separator: "\n").map {
            try JSONValue(
                parsing: Array($0.utf8), limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 16))
        }
    }

    /// - Returns: The sender's stored lines, the number of lines that the log reports as lost, and
    ///   how many of these were events of the node itself, according to their sequence numbers.
    private static func counts(
        _ node: NodeProcess
    ) async throws -> (kept: Int, lost: Int, own: Int) {
        let events = try await stored(node)
        var own: [String: (held: Int, last: Int)] = [:]
        for event in events where event["node"]?.string != "sender" {
            guard let epoch = event["epoch"]?.string, let seq = event["seq"]?.integer else {
                continue
            }
            let before = own[epoch] ?? (0, 0)
            own[epoch] = (before.held + 1, max(before.last, Int(seq)))
        }
        return (
            events.count { $0["event"]?.string == "job.done" },
            events.filter { $0["event"]?.string == "log.damaged" }
                .reduce(0) { $0 + Int($1["lines"]?.integer ?? 0) },
            own.values.reduce(0) { $0 + $1.last - $1.held }
        )
    }

    private final class Total: Sendable { let lines = Mutex(0) }

    private static func accepted(_ body: [UInt8]) -> Int {
        let answer = try? JSONValue(
            parsing: body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 8))
        return Int(answer?["accepted"]?.integer ?? 0)
    }

    @Test(
        "copytruncate under load: every acknowledged line is stored or counted, and it is reported")
    func copyTruncate() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess(
            "notifier", engine: engine, yaml: Self.yaml + "log: {segment_bytes: 256KiB}\n")
        let fleet = Fleet()
        try fleet.start(node)
        try await node.untilReady()
        let ingest = try node.token("ingest")
        let active = node.data + "/log/active.jsonl"
        let total = Total()
        for round in 0..<25 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for sender in 0..<4 {
                    group.addTask {
                        for part in 0..<4 {
                            let first = ((round * 4 + sender) * 4 + part) * 20
                            let body = (1...20).map { Self.line(first + $0) }
                                .joined(separator: "\n")
                            let reply = try await node.post("/v1/events", token: ingest, body)
                            if reply.status == 200 {
                                total.lines.withLock { $0 += Self.accepted(reply.body) }
                            }
                        }
                    }
                }
                group.addTask {
                    _ = try? FileManager.default.copyItem(
                        atPath: active, toPath: node.data + "/log/active.jsonl.\(round)")
                    if let file = FileHandle(forWritingAtPath: active) {
                        try file.truncate(atOffset: 0)
                        try file.close()
                    }
                }
                try await group.waitForAll()
            }
        }
        let acknowledged = total.lines.withLock { $0 }
        #expect(acknowledged == 25 * 4 * 4 * 20)
        try await eventually("each line is there or counted", within: .seconds(60)) {
            let (kept, lost, own) = try await Self.counts(node)
            return kept + lost - own == acknowledged && lost > 0
        }
        let read = try node.token("read")
        try await eventually("it is reported", within: .seconds(60)) {
            let reply = try await node.get("/v1/digests?limit=1000", token: read)
            return String(decoding: reply.body, as: UTF8.self).contains("log.damaged")
        }
        let metrics = String(decoding: try await node.get("/metrics").body, as: UTF8.self)
        let lost = try await Self.counts(node).lost
        #expect(metrics.contains("bellwether_log_lines_lost_total \(lost)"))
        fleet.killAll()
    }

    @Test(
        "another process fills the disk: no history is removed, an alarm is sent, senders retry",
        .enabled(if: TinyDisk.isPermitted))
    func diskTaken() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess(
            "notifier", engine: engine,
            yaml: Self.yaml + "log: {max_bytes: 32MiB, min_free: 6MiB, segment_bytes: 64KiB}\n")
        let disk = try TinyDisk(megabytes: 64, at: node.data)
        defer { disk.unmount() }
        let fleet = Fleet()
        try fleet.start(node)
        try await node.untilReady()
        let ingest = try node.token("ingest")
        for part in 0..<64 {
            let body = (1...63).map { Self.line(part * 63 + $0) }.joined(separator: "\n")
            let reply = try await node.post("/v1/events", token: ingest, body)
            try #require(reply.status == 200)
        }
        let others = try disk.fill()
        try await eventually("senders are asked to retry", within: .seconds(60)) {
            try await node.post("/v1/events", token: ingest, Self.line(9000)).status == 503
        }
        let read = try node.token("read")
        try await eventually("it is reported", within: .seconds(60)) {
            let reply = try await node.get("/v1/digests?limit=1000", token: read)
            return String(decoding: reply.body, as: UTF8.self).contains("log.pressure")
        }
        #expect(try await Self.counts(node).kept == 4032)
        try FileManager.default.removeItem(atPath: others)
        try await eventually("lines are taken again", within: .seconds(60)) {
            try await node.post("/v1/events", token: ingest, Self.line(9001)).status == 200
        }
        #expect(try await Self.counts(node).kept >= 4033)
        fleet.killAll()
    }
}
