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

    @Test("a byte order mark before any JSON body is dropped; that of UTF-16 is named")
    func byteOrderMarks() async throws {
        try await run { running in
            let node = running.node
            let (admin, exit) = try await node.command(
                "token", "create", "--name", "root", "--scope", "admin")
            #expect(exit == .code(0))
            let root = admin.trimmingCharacters(in: .whitespacesAndNewlines)
            let tokens = [
                "analysis": try node.token("analysis"), "ingest": try node.token("ingest"),
            ]
            func post(
                _ path: String, _ scope: String, _ type: String, _ body: [UInt8],
                _ more: [(String, String)]
            ) async throws -> HTTPReply {
                try await running.engine.http(
                    HTTPTransfer(
                        url: node.url + path, method: "POST",
                        headers: [
                            ("Content-Type", type),
                            ("Authorization", "Bearer \(tokens[scope] ?? root)"),
                        ] + more, body: body, tls: .file(node.certificate)))
            }
            let json = "application/json"
            let binary = [
                ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/ci"),
                ("ce-type", "build.failed"),
            ]
            let line = #"{"ts":"2026-11-23T06:00:00Z","event":"backup.failed"}"#
            let forms: [(String, String, String, String, [(String, String)], status: Int)] = [
                ("/rollouts/analysis", "analysis", json, #"{"rollout":"shop"}"#, [], 200),
                ("/rollouts/flagger", "analysis", json, "{}", [], 409),
                ("/v1/events", "ingest", "application/x-ndjson", line, [], 200),
                ("/v1/events", "ingest", json, "[\(line),\(line)]", [], 200),
                (
                    "/v1/events", "ingest", "application/cloudevents+json",
                    #"{"specversion":"1.0","id":"2","source":"/ci","type":"build.failed"}"#, [], 200
                ),
                ("/v1/events", "ingest", json, #"{"level":"warn"}"#, binary, 200),
                ("/v1/logs", "ingest", json, "{}", [], 200),
                ("/v1/hooks/alertmanager", "ingest", json, #"{"alerts":[]}"#, [], 400),
                ("/v1/hooks/argo-notifications", "ingest", json, "{}", [], 400),
                ("/v1/hooks/flagger", "ingest", json, "{}", [], 400),
                ("/v1/silences", "admin", json, "{}", [], 400),
                ("/v1/tokens", "admin", json, "{}", [], 400),
                ("/v1/incidents/none/acknowledge", "admin", json, "{}", [], 400),
            ]
            let clock = /"(instance|time|took[^"]*)":("[^"]*"|[0-9.]+)/
            for (path, scope, type, body, more, status) in forms {
                let plain = try await post(path, scope, type, Array(body.utf8), more)
                let marked = try await post(
                    path, scope, type, [0xEF, 0xBB, 0xBF] + Array(body.utf8), more)
                #expect(
                    plain.status == status,
                    "\(path): \(String(decoding: plain.body, as: UTF8.self))")
                #expect(
                    marked.status == status,
                    "\(path): \(String(decoding: marked.body, as: UTF8.self))")
                if status >= 400 {
                    let texts = [plain, marked].map {
                        String(decoding: $0.body, as: UTF8.self).replacing(clock, with: "")
                    }
                    #expect(texts[0] == texts[1])
                }
                let wide = try await post(
                    path, scope, type, [0xFF, 0xFE] + body.utf8.flatMap { [$0, 0] }, more)
                #expect(wide.status == 400)
                let words = String(decoding: wide.body, as: UTF8.self)
                #expect(words.contains("UTF-16") && words.contains("UTF-8"), "\(path): \(words)")
            }
        }
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

    @Test("a CloudEvent in binary mode, its attributes in header fields, becomes the same event")
    func binaryCloudEvents() async throws {
        try await run { running in
            func post(_ headers: [(String, String)], _ body: String) async throws -> HTTPReply {
                try await running.engine.http(
                    HTTPTransfer(
                        url: running.node.url + "/v1/events", method: "POST",
                        headers: [("Authorization", "Bearer \(running.node.token("ingest"))")]
                            + headers,
                        body: Array(body.utf8), tls: .file(running.node.certificate)))
            }
            let attributes = [
                ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/ci/%E2%82%AC"),
                ("ce-type", "build.failed"), ("ce-time", "2026-11-23T06:00:00Z"),
                ("ce-traceparent", "00-1"),
            ]
            let json = [("Content-Type", "application/json")]
            let data = #"{"level":"ERROR","rollout":"payments-api","message":"out of memory"}"#
            #expect(try await post(attributes + json, data).status == 200)
            // A proxy that reorders the fields sends the same event.
            let again = try await post(json + attributes.reversed(), data)
            #expect(String(decoding: again.body, as: UTF8.self).contains(#""duplicates":1"#))
            let line = try #require(
                try running.log().split(separator: "\n").last {
                    $0.contains(#""event":"build.failed","#)
                })
            for part in [
                #""event":"build.failed""#, #""level":"error""#, #""rollout":"payments-api""#,
                #""message":"out of memory""#, #""ts":"2026-11-23T06:00:00"#, "/ci/€",
                #""traceparent":"00-1""#,
            ] {
                #expect(line.contains(part), "\(part) in \(line)")
            }
            // Text, no data, and other bytes.
            let text = [("Content-Type", "text/plain"), ("ce-subject", "a")]
            #expect(try await post(attributes + text, "disk full").status == 200)
            #expect(try running.log().contains(#""message":"disk full""#))
            #expect(try await post(attributes + [("ce-subject", "b")], "").status == 200)
            #expect(
                try await post(attributes + [("Content-Type", "application/avro")], "\u{1}").status
                    == 200)
            #expect(try running.log().contains(#""data_base64":"AQ==""#))
            // What is no JSON although it says so, and an attribute that is missing.
            let broken = try await post(attributes + json, "{")
            #expect(broken.status == 400)
            #expect(String(decoding: broken.body, as: UTF8.self).contains("data_not_json"))
            let missing = try await post(
                Array(attributes.dropFirst()) + [("ce-specversion", "2.0")], "")
            #expect(missing.status == 400)
            #expect(String(decoding: missing.body, as: UTF8.self).contains("specversion"))
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
