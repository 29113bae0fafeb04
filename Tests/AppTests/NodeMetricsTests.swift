import Analysis
import Events
import GRDB
import Gateway
import EventLog
import Server
import Settings
@testable import State
import Telemetry
import TestSupport
import Testing

@testable import App

@Suite("Metrics that a scrape computes")
struct NodeMetricsTests {
    private let folder: TemporaryDirectory
    private let telemetry = Telemetry.silent
    private let node: Node
    private let metrics: NodeMetrics

    init() async throws {
        folder = try TemporaryDirectory()
        node = try await Node.open(
            Settings.parse(
                text: """
                    node: n
                    data_dir: \(folder.file("data"))
                    listen: {address: "127.0.0.1:0"}
                    log: {min_free: 1MiB}
                    analysis:
                      probes: [{name: node, kind: disk, path: /}]
                      checks: [{id: gateway.disk_ok}]
                    """), telemetry: telemetry)
        metrics = NodeMetrics(
            registry: telemetry.registry, eventLog: node.eventLog, store: node.store,
            tokens: node.tokens, gateway: node.gateway, notifier: node.notifier)
    }

    private func value(_ name: String, _ labels: [(String, String)] = []) -> Double? {
        telemetry.registry.value(name, labels: labels)
    }

    private static let expiry = "bellwether_token_next_expiry_timestamp_seconds"

    @Test("are present after one collection, of every module")
    func there() async throws {
        await metrics.look()
        for name in [
            "bellwether_log_used_bytes", "bellwether_log_max_bytes", "bellwether_disk_free_bytes",
            "bellwether_digest_groups_open", "bellwether_silences_active",
            "process_resident_memory_bytes",
        ] {
            #expect(value(name) != nil, "\(name)")
        }
        #expect(value("bellwether_cursor_lag_bytes", [("cursor", "digest")]) != nil)
        #expect(value(Self.expiry) == nil)
        await node.close()
    }

    @Test("concurrent scrapes collect once, and none waits for another's collection")
    func together() async throws {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { await metrics.look() } }
        }
        #expect(value("bellwether_log_used_bytes") != nil)
        // Within a second nothing is collected again.
        _ = try await node.tokens.create(name: "short", scopes: [.read], expires: .seconds(600))
        await metrics.look()
        #expect(value(Self.expiry) == nil)
        try await eventually("the next look") {
            await metrics.look()
            return value(Self.expiry) != nil
        }
        await node.close()
    }

    @Test("outdated values are no longer shown")
    func gone() async throws {
        let token = try await node.tokens.create(
            name: "short", scopes: [.read], expires: .seconds(600))
        await metrics.look()
        #expect(value(Self.expiry) != nil)
        let service = try #require(node.gateway).service
        let before = service.plan.policies.sha
        #expect(value("bellwether_policy_info", [("policy", before)]) == 1)
        try await node.tokens.revoke(token.record.id)
        var settings = node.settings
        settings.analysis.checks[0].weight += 1
        service.replace(
            plan: GatewayPlan(
                settings, upstreams: try #require(node.gateway).upstreams,
                probes: service.plan.probes))
        let after = service.plan.policies.sha
        #expect(after != before)
        try await eventually("the next look") {
            await metrics.look()
            return value(Self.expiry) == nil
                && value("bellwether_policy_info", [("policy", after)]) == 1
        }
        #expect(value("bellwether_policy_info", [("policy", before)]) == nil)
        await node.close()
    }

    @Test("an unreadable state file does not affect the other metrics")
    func broken() async throws {
        await metrics.look()
        try await node.store.write { db in try db.connection.execute(sql: "DROP TABLE outbox") }
        let before = value("bellwether_log_used_bytes")
        _ = try await node.eventLog.ingest(
            Array(
                #"{"ts":"2026-01-01T00:00:00Z","event":"x.y","node":"g","message":"\#(String(repeating: "m", count: 9000))"}"#
                    .utf8))
        try await eventually("the next look") {
            await metrics.look()
            return value("bellwether_log_used_bytes") != before
        }
        await node.close()
    }
}
