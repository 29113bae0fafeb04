import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("Ended runs, over a notifier and a gateway", .serialized)
struct RunEndSystemTests {
    private static let request =
        #"{"rollout":"payments-api","namespace":"prod","revision":"17","step":"2"}"#
    private static let abort =
        #"{"trigger":"on-rollout-aborted","object":{"metadata":{"name":"payments-api","namespace":"prod","resourceVersion":"7"},"#
        + #""revision":{"rollout.argoproj.io/revision":"17"},"status":{}}}"#

    private static func document(_ reply: HTTPReply) throws -> JSONValue {
        try JSONValue(parsing: reply.body, limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 16))
    }

    private static func notifier(
        _ fleet: Fleet, _ engine: TransferEngine
    ) async throws -> NodeProcess {
        let node = try NodeProcess("notifier", engine: engine, yaml: "roles: [notifier]\n")
        try fleet.start(node)
        try await node.untilReady()
        return node
    }

    @Test("an abort that the notifier receives ends the run on the gateway, and the retry succeeds")
    func overTheNotifier() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let fleet = Fleet()
        defer { fleet.killAll() }
        let notifier = try await Self.notifier(fleet, engine)
        let report = notifier.folder.file("doctor.json")
        func write(_ rate: String) throws {
            try #"{"error_rate": \#(rate)}"#.write(
                toFile: report, atomically: true, encoding: .utf8)
        }
        let gateway = try NodeProcess(
            "gw-a1", engine: engine,
            yaml: """
                az: eu-west-1a
                roles: [gateway]
                forward:
                  to: "\(notifier.url)"
                  token_file: \(notifier.data)/tokens/ingest
                  ca_file: \(notifier.certificate)
                analysis:
                  window: 100ms
                  probes: [{name: doctor, kind: file, path: \(report), max_age: 1h}]
                  checks: [{id: doctor.error_rate, warn: 0.005, fail: 0.01, critical: true}]
                  concerns: {}
                """)
        try write("0.02")
        try fleet.start(gateway)
        try await gateway.untilReady()
        let first = try Self.document(await gateway.measure(Self.request))
        #expect(first["status"] == .string("unhealthy"))
        #expect(first["attempt"]?["epoch"] == .number("1"))

        try write("0.001")
        // Within the repeat window the verdict is frozen, until the end of the run is known.
        let sent = try await notifier.post(
            "/v1/hooks/argo-notifications", token: notifier.token("ingest"), Self.abort,
            type: "application/json")
        #expect(sent.status == 200)
        try await eventually("the gateway begins a new run") {
            let next = try Self.document(await gateway.measure(Self.request))
            return next["attempt"]?["epoch"] == .number("2")
        }
        let retried = try Self.document(await gateway.measure(Self.request))
        #expect(retried["status"] == .string("healthy"))
        #expect(retried["attempt"]?["n"] == .number("1"))
        #expect(retried["summary"]?.string?.hasPrefix("healthy: ") == true)

        // The event's id in the answer is that of the stored event, also at the notifier.
        let id = try #require(retried["event"]?.string)
        let explained = try await gateway.command("explain", id)
        #expect(explained.exit == .code(0), "\(explained.output)")
        try await eventually("the gateway's report reaches the notifier") {
            let reply = try await notifier.get(
                "/v1/events?where=event%3Drun.ended", token: notifier.token("read"))
            return String(decoding: reply.body, as: UTF8.self).contains(#""node":"gw-a1""#)
        }
    }

    @Test("a hook that one gateway receives ends the run on another one, over the notifier")
    func overAnotherGateway() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let fleet = Fleet()
        defer { fleet.killAll() }
        let notifier = try await Self.notifier(fleet, engine)
        func gateway(_ name: String) async throws -> NodeProcess {
            let node = try NodeProcess(
                name, engine: engine,
                yaml: """
                    roles: [gateway]
                    forward:
                      to: "\(notifier.url)"
                      token_file: \(notifier.data)/tokens/ingest
                      ca_file: \(notifier.certificate)
                    analysis:
                      window: 100ms
                      probes: [{name: node, kind: disk, path: /, min_free_ratio: 0}]
                      checks: [{id: gateway.disk_ok, critical: true}]
                      concerns: {}
                    """)
            try fleet.start(node)
            try await node.untilReady()
            let first = try Self.document(await node.measure(Self.request))
            #expect(first["attempt"]?["epoch"] == .number("1"))
            return node
        }
        let first = try await gateway("gw-a1")
        let other = try await gateway("gw-b1")
        let created = try await first.command(
            "token", "create", "--name", "argo", "--scope", "ingest")
        #expect(created.exit == .code(0), "\(created.output)")
        let sent = try await first.post(
            "/v1/hooks/argo-notifications",
            token: created.output.trimmingCharacters(in: .whitespacesAndNewlines), Self.abort,
            type: "application/json")
        #expect(sent.status == 200)
        for node in [first, other] {
            try await eventually("\(node.name) begins a new run") {
                let next = try Self.document(await node.measure(Self.request))
                return next["attempt"]?["epoch"] == .number("2")
            }
        }
    }

    @Test("a gateway takes the hook directly, and answers a Flagger gate")
    func direct() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let fleet = Fleet()
        defer { fleet.killAll() }
        let node = try NodeProcess(
            "gw-a1", engine: engine,
            yaml: """
                roles: [gateway, notifier]
                analysis:
                  window: 100ms
                  probes: [{name: node, kind: disk, path: /}]
                  checks: [{id: gateway.disk_ok, critical: true}]
                  concerns: {}
                """)
        try fleet.start(node)
        try await node.untilReady()
        _ = try await node.measure(Self.request)
        let sent = try await node.post(
            "/v1/hooks/argo-notifications", token: node.token("ingest"), Self.abort,
            type: "application/json")
        #expect(sent.status == 200)
        // The hook is answered after the run has ended.
        try await eventually("a new run has data of its own") {
            let reply = try await node.measure(Self.request)
            let next = try Self.document(reply)
            #expect(next["attempt"]?["epoch"] != .number("1"))
            return reply.status == 200
        }
        let gate = try await node.post(
            "/rollouts/flagger", token: node.token("analysis"),
            #"{"name":"podinfo","namespace":"test","phase":"Progressing","checksum":"85d5","metadata":{"hook":"rollout"}}"#,
            type: "application/json")
        #expect(gate.status == 200)
        let rollback = try await node.post(
            "/rollouts/flagger", token: node.token("analysis"),
            #"{"name":"podinfo","namespace":"test","phase":"Progressing","checksum":"85d5","metadata":{"hook":"rollback"}}"#,
            type: "application/json")
        #expect(rollback.status == 409)
    }
}
