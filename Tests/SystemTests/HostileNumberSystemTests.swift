import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

/// Lines whose numbers once stopped a node permanently. A running node refuses them, and a node
/// survives those in the log of an earlier version.
@Suite("Lines that stopped a node", .serialized)
struct HostileNumberSystemTests {
    private static func verdict(_ attempt: String, _ members: String) -> String {
        #"{"ts":"2026-11-25T10:02:00Z","event":"analysis.unhealthy","level":"error","#
            + #""status":"unhealthy","namespace":"prod","rollout":"shop","node":"gw-b","az":"b","#
            + #""attempt":\#(attempt)\#(members)}"#
    }

    /// Lines that ingest refuses, each with the field that the response names.
    private static let refused: [(line: String, field: String)] = [
        (verdict("1", #","failure_limit":9223372036854775807"#), "failure_limit"),
        (verdict("9223372036854775807", ""), "attempt"),
        (verdict("-9223372036854775808", ""), "attempt"),
        (verdict(#""-9223372036854775808""#, ""), "attempt"),
        (verdict("1", #","run_count":-1"#), "run_count"),
        (verdict("1", #","run":9223372036854775807"#), "run"),
        (
            #"{"ts":"2026-11-25T10:02:00Z","event":"log.shed","count":9223372036854775807}"#,
            "count"
        ),
        (
            #"{"ts":"2026-11-25T10:02:00Z","event":"log.gap","lines":9223372036854775807}"#,
            "lines"
        ),
        (#"{"ts":"0001-01-01T00:00:00Z","event":"x"}"#, "ts"),
    ]

    /// Lines that ingest accepts: a value has no range.
    private static let values = ["1.7e308", "-1.7e308", "1e999", "5e-324"].enumerated().map {
        verdict(
            "\($0 + 1)",
            #","deltas":[{"metric":"canary.m","value":\#($1),"stable":\#($1),"previous":\#($1),"limit":1.7e308,"unit":"ratio","state":"fail"}]"#
        )
    }

    private static let yaml = """
        az: eu-west-1a
        digest: {first_after: 100ms, window: 300ms, max_window: 1s, repeat: 1h}
        analysis:
          probes: [{name: node, kind: disk, path: /, timeout: 1s}]
          checks: [{id: gateway.disk_ok, critical: true}]
          concerns: {}
        """

    /// Gets the overview page with a token of scope `read`.
    private static func page(_ node: NodeProcess, _ engine: TransferEngine) async throws -> String {
        let signedIn = try await engine.http(
            HTTPTransfer(
                url: node.url + "/sign-in", method: "POST",
                headers: [
                    ("Content-Type", "application/x-www-form-urlencoded"),
                    ("Origin", node.url),
                ], body: Array("token=\(try node.token("read"))".utf8),
                tls: .file(node.certificate)))
        let cookie = try #require(signedIn.header("set-cookie"))
        let reply = try await engine.http(
            HTTPTransfer(
                url: node.url + "/", headers: [("Cookie", String(cookie.prefix { $0 != ";" }))],
                maxBody: 8 << 20, tls: .file(node.certificate)))
        #expect(reply.status == 200)
        return String(decoding: reply.body, as: UTF8.self)
    }

    private static func isReported(_ node: NodeProcess, _ rollout: String) async throws -> Bool {
        let reply = try await node.get("/v1/digests", token: try node.token("read"))
        return String(decoding: reply.body, as: UTF8.self).contains(rollout)
    }

    @Test("a running node refuses them by field name, and keeps running")
    func refusedByName() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: Self.yaml)
        let process = try node.start()
        defer { process.kill() }
        try await node.untilReady()
        let ingest = try node.token("ingest")

        let lines = Self.values + Self.refused.map(\.line)
        let reply = try await node.post(
            "/v1/events", token: ingest, lines.joined(separator: "\n") + "\n")
        #expect(reply.status == 200)
        let receipt = try JSONValue(
            parsing: reply.body, limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 8))
        #expect(receipt["accepted"]?.integer == Int64(Self.values.count))
        for (i, poison) in Self.refused.enumerated() {
            let rejection = receipt["rejected"]?[i]
            #expect(rejection?["line"]?.integer == Int64(Self.values.count + i + 1))
            #expect(
                rejection?["error"]?.string?.hasPrefix(#"field "\#(poison.field)" must be"#) == true
            )
        }

        let hook =
            #"{"name":"podinfo","namespace":"test","phase":"Failed","metadata":{"eventMessage":"x","eventType":"Warning","timestamp":"-9223372036854775808"}}"#
        let flagger = try await node.post(
            "/v1/hooks/flagger", token: ingest, hook, type: "application/json")
        // A sender's time is a text among the members; the event has the time of receipt.
        #expect(flagger.status == 200)
        let events = try await node.get("/v1/events", token: try node.token("read"))
        #expect(
            String(decoding: events.body, as: UTF8.self).contains(
                #""timestamp":"-9223372036854775808""#))

        for place in ["1:18446744073709551615", "18446744073709551615:18446744073709551615"] {
            let page = try await node.get(
                "/v1/events?after=\(place)", token: try node.token("read"))
            #expect(page.status == 200)
        }
        try await eventually("the page shows it") {
            try await Self.page(node, engine).contains("shop")
        }
        try await eventually("the failure is reported", within: .seconds(20)) {
            try await Self.isReported(node, "shop")
        }
        #expect(process.isRunning)
    }

    @Test("in the log of an earlier version: digests, page and commands read past them")
    func storedLines() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: Self.yaml)
        // The log also holds the node's own events, from which its measurements continue.
        let own = [("9223372036854775807", "1"), ("1", "9223372036854775807")].map { attempt, run in
            Self.verdict(attempt, #","series":"s","run":\#(run),"document":{}"#)
                .replacing(#""node":"gw-b""#, with: #""node":"gw-a1""#)
        }
        let last = Self.verdict("7", "").replacing("shop", with: "last")
        let lines = Self.refused.map(\.line) + own + Self.values + [last]
        try FileManager.default.createDirectory(
            atPath: node.data + "/log", withIntermediateDirectories: true)
        try Data(Self.segment(lines)).write(
            to: URL(fileURLWithPath: node.data + "/log/active.jsonl"))

        for _ in 0..<2 {
            let process = try node.start()
            defer { process.kill() }
            try await node.untilReady()
            try await eventually("the last failure is reported", within: .seconds(20)) {
                try await Self.isReported(node, "last")
            }
            let page = try await Self.page(node, engine)
            #expect(page.contains("shop") && page.contains("last"))
            #expect(try await node.measure(#"{"rollout":"cart"}"#).status == 200)
            #expect(process.isRunning)
            process.kill()
            _ = try await process.waitForExit()
        }
        for command in [
            ["stats"], ["verify"], ["query", "--json"], ["query", "--count-by", "attempt"],
        ] {
            let (output, exit) = try await node.command(["logs"] + command)
            #expect(exit == .code(0), "\(command): \(output)")
        }
    }

    // MARK: - A log as an earlier version wrote it

    /// One unverified group, with its header and its commit line.
    private static func segment(_ lines: [String]) -> [UInt8] {
        let group = Array(lines.map { $0 + "\n" }.joined().utf8)
        let header =
            #"{"event":"log.commit","segment":1,"end":0,"bytes":0,"count":0,"at":1795413600123,"after":0"#
        let commit =
            #"{"event":"log.commit","segment":1,"end":\#(group.count),"bytes":\#(group.count),"#
            + #""count":\#(lines.count),"at":1795413600123"#
        return sealed(header, after: []) + group + sealed(commit, after: group)
    }

    private static func sealed(_ line: String, after group: [UInt8]) -> [UInt8] {
        let hex = String(checksum(group + Array(line.utf8)), radix: 16)
        let padded = String(repeating: "0", count: 8 - hex.count) + hex
        return Array((line + #","crc":"\#(padded)"}"# + "\n").utf8)
    }

    /// CRC-32 as in gzip (RFC 1952 §8), bit by bit.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum = UInt32.max
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0xEDB8_8320 }
        }
        return ~sum
    }
}
