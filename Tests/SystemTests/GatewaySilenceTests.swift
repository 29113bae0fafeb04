import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("A gateway that is silent, over a notifier and a gateway", .serialized)
struct GatewaySilenceTests {
    private static func digests(_ notifier: NodeProcess) async throws -> [String] {
        try await SilenceSystemTests.reported(notifier, try notifier.token("read"))
            .filter { $0.contains("gw-b1") }
    }

    private static func events(_ notifier: NodeProcess) async throws -> [String] {
        let reply = try await notifier.get(
            "/v1/events?where=event~gateway.&limit=1000", token: notifier.token("read"))
        return try String(decoding: reply.body, as: UTF8.self).split(separator: "\n").map {
            try JSONValue(parsing: Array($0.utf8), limits: .event)["event"]?.string ?? ""
        }
    }

    @Test("a stop is no news; a crash is reported once, also over a restart, and the return")
    func endToEnd() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let fleet = Fleet()
        defer { fleet.killAll() }
        let notifier = try NodeProcess(
            "notifier", engine: engine,
            yaml: """
                roles: [notifier]
                digest: {first_after: 100ms, window: 300ms, max_window: 1s, silent_after: 5s}
                """)
        try fleet.start(notifier)
        try await notifier.untilReady()
        let gateway = try NodeProcess(
            "gw-b1", engine: engine,
            yaml: """
                az: eu-west-1b
                roles: [gateway]
                forward:
                  to: "\(notifier.url)"
                  token_file: \(notifier.data)/tokens/ingest
                  ca_file: \(notifier.certificate)
                """)
        let first = try gateway.start()
        try await eventually("the gateway is known") {
            try await Self.events(notifier) == ["gateway.seen"]
        }
        first.terminate()
        #expect(try await first.waitForExit() == .code(0))
        try await eventually("it said farewell") {
            try await Self.events(notifier) == ["gateway.seen", "gateway.left"]
        }
        let second = try gateway.start()
        try await eventually("it is known again") {
            try await Self.events(notifier).last == "gateway.seen"
        }
        #expect(try await Self.digests(notifier).isEmpty)

        second.kill()
        _ = try await second.waitForExit()
        try await eventually("it is reported") {
            try await Self.digests(notifier).count == 1
        }
        let status = try await notifier.command("status")
        #expect(status.output.contains(#/gw-b1 +eu-west-1b +silent/#), "\(status.output)")
        let metrics = String(
            decoding: try await notifier.get("/metrics").body, as: UTF8.self)
        #expect(metrics.contains(#"bellwether_gateways{state="silent"} 1"#))
        #expect(metrics.contains(#"bellwether_gateway_silent{az="eu-west-1b",gateway="gw-b1"} 1"#))
        // It is not the notifier's own health.
        #expect(try await notifier.get("/readyz").status == 200)

        try await fleet.kill(notifier)
        try fleet.start(notifier)
        try await notifier.untilReady()
        let third = try gateway.start()
        defer { third.kill() }
        try await eventually("its return is reported") {
            try await Self.digests(notifier).count == 2
        }
        #expect(
            try await Self.events(notifier)
                == [
                    "gateway.seen", "gateway.left", "gateway.seen", "gateway.silent",
                    "gateway.back",
                ])
        let list = try await notifier.get(
            "/v1/digests?limit=10", token: notifier.token("read"))
        let text = String(decoding: list.body, as: UTF8.self)
        #expect(text.contains("the gateway is silent"))
        #expect(text.contains("Check whether it runs"))
        #expect(text.contains("the gateway is back"))
    }
}
