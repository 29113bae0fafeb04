import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("The status page, and a log that takes nothing", .serialized)
struct StatusPageTests {
    @Test("sign-in by token; hostile event text is inert; foreign forms are refused")
    func page() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: BadInputTests.yaml)
        let fleet = Fleet()
        try fleet.start(node)
        try await node.untilReady()
        let hostile =
            #"{"event":"analysis.unhealthy","ts":"2026-11-23T06:00:00Z","rollout":"shop","status":"unhealthy","message":"<script>alert(1)</script>"}"#
        let taken = try await post(
            node, engine, "/v1/events", hostile,
            [("Authorization", "Bearer \(try node.token("ingest"))")])
        #expect(taken.status == 200)

        let stranger = try await node.get("/")
        #expect(stranger.status == 200)
        let form = String(decoding: stranger.body, as: UTF8.self)
        #expect(form.contains("action=\"/sign-in\""))
        #expect(!form.contains("shop"))
        #expect(stranger.header("content-security-policy")?.contains("default-src 'none'") == true)

        let kind = ("Content-Type", "application/x-www-form-urlencoded")
        let ours = ("Origin", "https://127.0.0.1:\(node.port)")
        let wrong = try await post(node, engine, "/sign-in", "token=bw_no", [kind, ours])
        #expect(wrong.status == 401)
        let foreign = try await post(
            node, engine, "/sign-in", "token=\(try node.token("read"))",
            [kind, ("Origin", "https://evil.example")])
        #expect(foreign.status == 403)

        let signedIn = try await post(
            node, engine, "/sign-in", "token=\(try node.token("read"))", [kind, ours])
        #expect(signedIn.status == 200)
        let cookie = try #require(signedIn.header("set-cookie"))
        for attribute in ["HttpOnly", "Secure", "SameSite=Strict"] {
            #expect(cookie.contains(attribute))
        }
        let value = String(cookie.prefix { $0 != ";" })
        let page = try await engine.http(
            HTTPTransfer(
                url: node.url + "/", headers: [("Cookie", value)], tls: .file(node.certificate)))
        let html = String(decoding: page.body, as: UTF8.self)
        #expect(html.contains("shop"))
        #expect(html.contains("&lt;script&gt;alert(1)"))
        #expect(!html.contains("<script"))
        let forged = try await engine.http(
            HTTPTransfer(
                url: node.url + "/", headers: [("Cookie", value + "x")],
                tls: .file(node.certificate)))
        #expect(!String(decoding: forged.body, as: UTF8.self).contains("shop"))
        fleet.killAll()
    }

    @Test("a log that cannot take events holds no verdict back, and says so everywhere")
    func shedding() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess(
            "gw-a1", engine: engine, yaml: BadInputTests.yaml + "\nlog: {min_free: 1000000GiB}\n")
        let fleet = Fleet()
        try fleet.start(node)
        try await node.untilReady()

        let reply = try await node.measure(#"{"rollout":"shop"}"#)
        #expect(reply.status == 200)
        let again = try await node.measure(#"{"rollout":"shop"}"#)
        #expect(again.body == reply.body)
        let metrics = String(decoding: try await node.get("/metrics").body, as: UTF8.self)
        #expect(metrics.contains("bellwether_events_lost_total 1"), "\(metrics.prefix(2000))")
        let health = String(decoding: try await node.get("/readyz").body, as: UTF8.self)
        #expect(health.contains("min_free"))
        let refused = try await post(
            node, engine, "/v1/events", #"{"event":"a","ts":"2026-11-23T06:00:00Z"}"#,
            [("Authorization", "Bearer \(try node.token("ingest"))")])
        #expect(refused.status == 503)
        #expect(refused.header("retry-after") != nil)
        fleet.killAll()
    }

    private func post(
        _ node: NodeProcess, _ engine: TransferEngine, _ path: String, _ body: String,
        _ headers: [(String, String)]
    ) async throws -> HTTPReply {
        try await engine.http(
            HTTPTransfer(
                url: node.url + path, method: "POST", headers: headers, body: Array(body.utf8),
                tls: .file(node.certificate)))
    }
}
