import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("A node whose certificate callers refuse", .serialized)
struct HandshakeSystemTests {
    @Test("records one event with the caller, and one digest tells it")
    func reported() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess(
            "gw-a1", engine: engine,
            yaml: """
                az: eu-west-1a
                digest: {first_after: 100ms, window: 1s}
                receivers:
                  - {name: kept, kind: file}
                route: {receivers: [kept]}
                analysis:
                  probes: [{name: node, kind: disk, path: /}]
                  checks: [{id: gateway.disk_ok, critical: true}]
                  concerns: {}
                """)
        let fleet = Fleet()
        defer { fleet.killAll() }
        try fleet.start(node)
        try await node.untilReady()
        @Sendable func refused() async throws -> [JSONValue] {
            try await node.stored().split(separator: "\n")
                .compactMap { try? JSONValue(parsing: Array($0.utf8), limits: .event) }
                .filter { $0["event"]?.string == "tls.refused" }
        }
        // A caller that goes on for 15 s is one that is meant to reach the node.
        try await eventually("the event is stored") {
            let stranger = try ChildProcess("curl", ["-sS", "-m", "5", node.url + "/livez"])
            #expect(try await stranger.waitForExit() == .code(60), "\(stranger.errors)")
            return try await !refused().isEmpty
        }
        let words = "TLS handshakes fail for a certificate"
        try await eventually("the digest is kept") {
            try node.kept().contains { $0.contains(words) }
        }
        let events = try await refused()
        #expect(events.count == 1)
        let event = try #require(events.first)
        #expect(event["level"]?.string == "warn")
        #expect(event["node"]?.string == "gw-a1")
        #expect(event["reason"]?.string == "certificate_refused")
        #expect(event["peer"]?.string == "127.0.0.1")
        #expect(event["failures"]?.integer.map { $0 >= 3 } == true)
    }
}
