import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("OTLP and CloudEvents at a real node", .serialized)
struct SharedFormsTests {
    private struct Running {
        let engine: TransferEngine
        let node: NodeProcess

        func post(_ path: String, _ body: String, type: String) async throws -> (Int, JSONValue) {
            let reply = try await engine.http(
                HTTPTransfer(
                    url: node.url + path, method: "POST",
                    headers: [
                        ("Content-Type", type), ("Authorization", "Bearer \(node.token("ingest"))"),
                    ], body: Array(body.utf8), tls: .file(node.certificate)))
            return (
                reply.status,
                try JSONValue(
                    parsing: reply.body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 8))
            )
        }

        func log() throws -> String {
            try String(contentsOfFile: node.data + "/log/active.jsonl", encoding: .utf8)
        }
    }

    private func run(_ body: (Running) async throws -> Void) async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: BadInputTests.yaml)
        let fleet = Fleet()
        try fleet.start(node)
        try await node.untilReady()
        try await body(Running(engine: engine, node: node))
        fleet.killAll()
    }

    @Test("OTLP logs in JSON become events, a retry adds none; protobuf is refused")
    func otlp() async throws {
        try await run { running in
            let record =
                #"{"severityNumber":17,"body":{"stringValue":"from otlp"},"eventName":"backup.failed"}"#
            let request =
                #"{"resourceLogs":[{"scopeLogs":[{"logRecords":[\#(record),{"eventName":"log.commit"}]}]}]}"#
            for _ in 1...2 {
                let (status, answer) = try await running.post(
                    "/v1/logs", request, type: "application/json")
                #expect(status == 200)
                #expect(
                    answer["partialSuccess"]?["rejectedLogRecords"] == .string("1"))
                #expect(
                    answer["partialSuccess"]?["errorMessage"]?.string?.contains("record 2") == true)
            }
            #expect(try running.log().components(separatedBy: "from otlp").count == 2)
            let (empty, _) = try await running.post("/v1/logs", "{}", type: "application/json")
            #expect(empty == 200)
            let (refused, why) = try await running.post(
                "/v1/logs", "\n\u{0}", type: "application/x-protobuf")
            #expect(refused == 415)
            #expect(why["message"]?.string?.contains("OTEL_EXPORTER_OTLP_PROTOCOL") == true)
            let (malformed, words) = try await running.post(
                "/v1/logs", "nonsense", type: "application/json")
            #expect(malformed == 400)
            #expect(words["message"]?.string?.contains("JSON") == true)
        }
    }

    @Test("single and batched CloudEvents become events, distinguished from invalid ones")
    func cloudEvents() async throws {
        try await run { running in
            let event =
                #"{"specversion":"1.0","id":"1","source":"ci","type":"build.failed","data":{"level":"ERROR"}}"#
            let (status, answer) = try await running.post(
                "/v1/events", event, type: "application/cloudevents+json")
            #expect(status == 200)
            #expect(answer["accepted"]?.integer == 1)
            let other = event.replacingOccurrences(of: #""id":"1""#, with: #""id":"2""#)
            let (batch, receipt) = try await running.post(
                "/v1/events", #"[{"id":"x"},\#(event),\#(other)]"#,
                type: "application/cloudevents-batch+json")
            #expect(batch == 200)
            #expect(receipt["accepted"]?.integer == 1)
            #expect(receipt["duplicates"]?.integer == 1)
            #expect(receipt["rejected"]?[0]?["line"]?.integer == 1)
            #expect(
                receipt["rejected"]?[0]?["error"]?.string?.contains("specversion") == true)
            #expect(try running.log().contains(#""level":"error","level_sent":"ERROR""#))
        }
    }
}
