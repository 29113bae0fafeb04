import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("Hooks, called by the real senders", .serialized)
struct HookTests {
    private static let failed =
        #"{"name":"podinfo","namespace":"test","phase":"Failed","checksum":"85d5","metadata":{"eventMessage":"rolled back","eventType":"Warning","timestamp":"1578607635167"TOKEN}}"#

    /// The program's path in Debian's package or elsewhere; its name if neither exists.
    private static let alertmanager =
        ["/usr/bin/prometheus-alertmanager", "/usr/local/bin/alertmanager"]
        .first { FileManager.default.isExecutableFile(atPath: $0) } ?? "alertmanager"

    private struct Running {
        let engine: TransferEngine
        let node: NodeProcess
        let fleet: Fleet
    }

    private func run(_ body: (Running) async throws -> Void) async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: BadInputTests.yaml)
        let fleet = Fleet()
        try fleet.start(node)
        try await node.untilReady()
        try await body(Running(engine: engine, node: node, fleet: fleet))
        fleet.killAll()
    }

    private func post(
        _ running: Running, _ path: String, _ body: String, token: String? = nil,
        userinfo: String? = nil
    ) async throws -> HTTPReply {
        var headers = [("Content-Type", "application/json")]
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        if let userinfo {
            let basic = Data(userinfo.utf8).base64EncodedString()
            headers.append(("Authorization", "Basic \(basic)"))
        }
        return try await running.engine.http(
            HTTPTransfer(
                url: running.node.url + path, method: "POST", headers: headers,
                body: Array(body.utf8), tls: .file(running.node.certificate)))
    }

    private func events(_ running: Running, where expression: String) async throws -> [JSONValue] {
        let query = expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let reply = try await running.node.get(
            "/v1/events?where=\(query)", token: running.node.token("read"))
        #expect(reply.status == 200)
        return try reply.body.split(separator: UInt8(ascii: "\n")).map {
            try JSONValue(parsing: Array($0), limits: .event)
        }
    }

    @Test("Argo: the same notification twice is one event, stored before the response")
    func argo() async throws {
        try await run { running in
            let ingest = try running.node.token("ingest")
            let body =
                #"{"trigger":"on-rollout-aborted","object":{"metadata":{"name":"payments-api","namespace":"prod","resourceVersion":"7","annotations":{"rollout.argoproj.io/revision":"17"}},"status":{}}}"#
            let path = "/v1/hooks/argo-notifications"
            let first = try await post(running, path, body, token: ingest)
            #expect(first.status == 200)
            #expect(
                String(decoding: first.body, as: UTF8.self) == #"{"accepted":1,"duplicates":0}"#)
            let second = try await post(running, path, body, token: ingest)
            #expect(
                String(decoding: second.body, as: UTF8.self) == #"{"accepted":0,"duplicates":1}"#)
            let reported = try await events(running, where: "event=rollout.aborted")
            #expect(reported.count == 1)
            #expect(reported.first?["rollout"] == .string("payments-api"))
            #expect(reported.first?["revision"] == .string("17"))
            #expect(reported.first?["node"] == .string("gw-a1"))

            #expect(try await post(running, path, body).status == 401)
            #expect(
                try await post(running, path, body, token: running.node.token("read")).status
                    == 403)
            #expect(try await post(running, path, "<html>", token: ingest).status == 400)
        }
    }

    @Test("Flagger: credential in path, body or user part; never 2xx to a rollback hook")
    func flagger() async throws {
        try await run { running in
            let ingest = try running.node.token("ingest")
            let plain = Self.failed.replacingOccurrences(of: "TOKEN", with: "")
            let path = "/v1/hooks/flagger"
            #expect(try await post(running, path, plain).status == 401)
            #expect(try await post(running, path + "/wrong", plain).status == 401)
            let read = try running.node.token("read")
            #expect(try await post(running, path + "/" + read, plain).status == 403)

            #expect(try await post(running, path + "/" + ingest, plain).status == 200)
            #expect(try await post(running, path, plain, token: ingest).status == 200)
            #expect(
                try await post(running, path, plain, userinfo: "flagger:\(ingest)").status == 200)
            let inside = Self.failed.replacingOccurrences(
                of: "TOKEN", with: #","token":"\#(ingest)""#)
            #expect(try await post(running, path, inside).status == 200)
            let reported = try await events(running, where: "event=rollout.aborted")
            #expect(reported.count == 1)
            #expect(reported.first?["rollout"] == .string("podinfo"))

            let rollback =
                #"{"name":"podinfo","namespace":"test","phase":"Progressing","type":"rollback"}"#
            #expect(try await post(running, path, rollback, token: ingest).status == 409)
            // No sent credential is stored anywhere.
            let log = try String(
                contentsOfFile: running.node.data + "/log/active.jsonl", encoding: .utf8)
            #expect(!log.contains(ingest))
            #expect(!log.contains(read))
            #expect(log.contains("hook_decides"))

            // A caller without a credential does not get the faults of a body either.
            let large = String(repeating: " ", count: 1 << 20)
            for body in ["<html>", "{", "[]", large] {
                #expect(try await post(running, path, body).status == 401)
                #expect(try await post(running, path + "/wrong", body).status == 401)
                for other in ["argo-notifications", "alertmanager"] {
                    let reply = try await post(running, "/v1/hooks/" + other, body)
                    #expect(reply.status == 401)
                }
            }
        }
    }

    @Test("Debian's Alertmanager sends an alert, and its repeat is the same event")
    func alertmanager() async throws {
        try await run { running in
            let folder = try TemporaryDirectory("bellwether-alertmanager")
            let port = try FreePort.take()
            let configuration = """
                route:
                  receiver: bellwether
                  group_by: [rollout]
                  group_wait: 10ms
                  group_interval: 100ms
                  repeat_interval: 1m
                receivers:
                  - name: bellwether
                    webhook_configs:
                      - url: \(running.node.url)/v1/hooks/alertmanager
                        http_config:
                          authorization: {credentials_file: \(running.node.data)/tokens/ingest}
                          tls_config: {ca_file: \(running.node.certificate)}
                """
            try configuration.write(
                toFile: folder.file("alertmanager.yml"), atomically: true, encoding: .utf8)
            let alertmanager = try ChildProcess(
                Self.alertmanager,
                [
                    "--config.file=" + folder.file("alertmanager.yml"),
                    "--storage.path=" + folder.file("data"),
                    "--web.listen-address=127.0.0.1:\(port)", "--cluster.listen-address=",
                ])
            let own = "http://127.0.0.1:\(port)"
            try await eventually("Alertmanager is ready") {
                (try? await running.engine.http(HTTPTransfer(url: own + "/-/ready")))?.status == 200
            }
            let alert =
                #"[{"labels":{"alertname":"HighErrors","rollout":"payments-api","namespace":"prod","revision":"17","severity":"critical"},"annotations":{"summary":"5xx over 1 %"}ENDS}]"#
            func send(_ ends: String) async throws {
                let reply = try await running.engine.http(
                    HTTPTransfer(
                        url: own + "/api/v2/alerts", method: "POST",
                        headers: [("Content-Type", "application/json")],
                        body: Array(alert.replacingOccurrences(of: "ENDS", with: ends).utf8)))
                #expect(reply.status == 200)
            }
            try await send("")
            try await eventually("the alert is an event: \(alertmanager.errors)") {
                try await self.events(running, where: "event=alert.firing").count == 1
            }
            try await send(#","endsAt":"2020-01-01T00:00:00Z""#)
            try await eventually("its end is an event: \(alertmanager.errors)") {
                try await self.events(running, where: "event=alert.resolved").count == 1
            }
            let reported = try await events(running, where: "event~alert.")
            #expect(reported.count == 2)
            for event in reported {
                #expect(event["rollout"] == .string("payments-api"))
                #expect(event["namespace"] == .string("prod"))
                #expect(event["revision"] == .string("17"))
            }
            alertmanager.kill()
            _ = try await alertmanager.waitForExit()
        }
    }
}
