import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("Metrics for Prometheus", .serialized)
struct MetricsTests {
    private static let config = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Config").path

    @Test("promtool finds no fault; alerts and dashboard use only metrics that exist")
    func exposition() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let fleet = Fleet()
        defer { fleet.killAll() }
        let notifier = try NodeProcess(
            "notifier", engine: engine,
            yaml: """
                roles: [gateway, notifier]
                digest: {first_after: 100ms, window: 1s}
                """)
        try fleet.start(notifier)
        try await notifier.untilReady()
        let gateway = try NodeProcess(
            "gw-a1", engine: engine,
            yaml: """
                roles: [gateway]
                forward: {to: "\(notifier.url)", token_file: "\(notifier.data)/tokens/ingest", ca_file: "\(notifier.certificate)"}
                """)
        try fleet.start(gateway)
        try await gateway.untilReady()

        _ = try await gateway.measure(#"{"rollout":"shop"}"#)
        _ = try await gateway.measure(#"{"rollout":"shop"}"#, token: "bw_wrong")
        _ = try await notifier.command(
            "token", "create", "--name", "short", "--scope", "read", "--expires", "2d")
        let failing =
            #"{"id":"1","event":"analysis.unhealthy","ts":"2026-11-23T06:00:00Z","rollout":"shop","status":"unhealthy"}"#
        for _ in 0..<2 {
            let taken = try await engine.http(
                HTTPTransfer(
                    url: notifier.url + "/v1/events", method: "POST",
                    headers: [("Authorization", "Bearer \(try notifier.token("ingest"))")],
                    body: Array(failing.utf8), tls: .file(notifier.certificate)))
            #expect(taken.status == 200)
        }
        try await eventually("a digest is counted, and the gateway's events arrive") {
            let reported = try await Self.scrape(notifier)
            let sent = try await Self.scrape(gateway)
            return reported.contains("bellwether_digests_total{")
                // Caused by a token that another process created.
                && reported.contains("\nbellwether_token_next_expiry_timestamp_seconds ")
                && sent.contains(#"bellwether_cursor_lag_bytes{cursor="forward"} 0"#)
        }

        let pages = [try await Self.scrape(notifier), try await Self.scrape(gateway)]
        #expect(pages[0].contains("\nbellwether_log_duplicates_total 1\n"))
        #expect(pages[0].contains(#"bellwether_outbox_deliveries{state="dead"} 0"#))
        #expect(pages[1].contains(#"bellwether_refusals_total{reason="token_unknown"} 1"#))
        #expect(pages[1].contains(#"bellwether_attempts_total{concern="all"} 1"#))
        #expect(try #require(Self.background("digests", in: pages[0])) > 0)
        #expect(Self.background("digests", in: pages[1]) == 0)
        #expect(Self.background("sealing", in: pages[1]) == 0)
        for page in pages {
            let file = notifier.folder.file("metrics.txt")
            try page.write(toFile: file, atomically: true, encoding: .utf8)
            let lint = try ChildProcess(
                "/bin/sh", ["-c", "promtool check metrics <'\(file)' 2>&1"])
            let exit = try await lint.waitForExit()
            #expect(exit == .code(0), "\(lint.output)")
            #expect(lint.output.isEmpty, "\(lint.output)")
        }

        let known = Set(
            pages.flatMap { $0.split(separator: "\n") }.filter { !$0.hasPrefix("#") }
                .map { $0.prefix { $0 != "{" && $0 != " " } })
        for file in ["prometheus/bellwether.rules.yaml", "grafana/bellwether.json"] {
            let text = try String(contentsOfFile: "\(Self.config)/\(file)", encoding: .utf8)
            let names = Set(text.matches(of: /(?:bellwether|process)_[a-z0-9_]+/).map(\.output))
            #expect(names.count > 10)
            // These nodes have no bucket and no second node; `PairSystemTests` has both.
            let absent = ["bellwether_bucket_", "bellwether_ship_", "bellwether_ha_"]
            for name in names where !absent.contains(where: { name.hasPrefix($0) }) {
                #expect(known.contains(name), "\(file) names \(name)")
            }
        }
    }

    @Test("the alert rules are valid and fire exactly when they should")
    func alerts() async throws {
        for arguments in [
            ["check", "rules", "bellwether.rules.yaml"],
            ["test", "rules", "bellwether.rules.test.yaml"],
        ] {
            let promtool = try ChildProcess(
                "promtool", arguments, directory: Self.config + "/prometheus")
            let exit = try await promtool.waitForExit()
            #expect(exit == .code(0), "\(promtool.output)\(promtool.errors)")
        }
    }

    /// CPU seconds of background work.
    private static func background(_ work: String, in page: String) -> Double? {
        let name = "bellwether_background_cpu_seconds_total{work=\"\(work)\"} "
        return page.split(separator: "\n").first { $0.hasPrefix(name) }
            .flatMap { Double($0.dropFirst(name.count)) }
    }

    private static func scrape(_ node: NodeProcess) async throws -> String {
        String(decoding: try await node.get("/metrics").body, as: UTF8.self)
    }
}
