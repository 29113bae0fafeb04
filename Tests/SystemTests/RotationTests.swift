import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

/// Credentials and certificates change while clients keep their connections.
@Suite("Rotation in a running node", .serialized)
struct RotationTests {
    private static let analysis = """
        analysis:
          probes: [{name: node, kind: disk, path: /}]
          checks: [{id: gateway.disk_ok, critical: true}]
          concerns: {}
        """

    @Test("tokens, then the certificate, are rotated on one connection")
    func rotation() async throws {
        let folder = try TemporaryDirectory("rotation")
        let certificate = try await TestCertificate.make(in: folder)
        let (current, next) = (folder.file("current"), folder.file("next"))
        let tokens = ["first", "second", "third"].map { "\($0)-secret-of-the-mount" }
        func write(_ token: String, _ path: String) throws {
            // Replace the file as a mounted Secret does: another file under the same name.
            try Data((token + "\n").utf8).write(
                to: URL(fileURLWithPath: path), options: .atomic)
        }
        try write(tokens[0], current)
        try write(tokens[1], next)

        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let port = try FreePort.take()
        let configuration = folder.file("bellwether.yaml")
        try """
        node: gw-a1
        data_dir: \(folder.file("data"))
        listen:
          address: "127.0.0.1:\(port)"
          tls: {certificate: "\(certificate.certificate)", key: "\(certificate.key)"}
        auth: {token_files: ["\(current)", "\(next)"]}
        \(Self.analysis)
        """.write(toFile: configuration, atomically: true, encoding: .utf8)
        let node = try ChildProcess(
            NodeProcess.executable, ["serve", "--config", configuration])
        defer { node.kill() }
        let trust = TLSTrust.file(certificate.certificate)
        let ask = { @Sendable (token: String) async throws -> HTTPReply in
            try await engine.http(
                HTTPTransfer(
                    url: "https://127.0.0.1:\(port)/rollouts/analysis", method: "POST",
                    headers: [
                        ("Authorization", "Bearer \(token)"),
                        ("Content-Type", "application/json"),
                    ], body: Array(#"{"rollout":"shop"}"#.utf8), tls: trust))
        }
        try await eventually("the node serves") {
            (try? await ask(tokens[0]))?.status == 200
        }

        // Both tokens are valid; then the next one becomes the current one.
        #expect(try await ask(tokens[1]).status == 200)
        #expect(try await ask(tokens[2]).status == 401)
        try write(tokens[1], current)
        try write(tokens[2], next)
        try await eventually("the new token holds") { try await ask(tokens[2]).status == 200 }
        #expect(try await ask(tokens[1]).status == 200)
        #expect(try await ask(tokens[0]).status == 401)

        // On HTTP/2 a refusal does not close the connection, so this one is reused.
        #expect(try await ask(tokens[1]).timings.reusedConnection)
        let renewed = try await TestCertificate.make(in: folder, name: "renewed", days: 90)
        for (from, to) in [
            (renewed.key, certificate.key), (renewed.certificate, certificate.certificate),
        ] {
            try FileManager.default.removeItem(atPath: to)
            try FileManager.default.moveItem(atPath: from, toPath: to)
        }
        node.send(SIGHUP)
        try await eventually("new connections get the new certificate") {
            let shown = try await engine.certificate(
                host: "127.0.0.1", port: port, trust: .insecure, deadline: .seconds(20))
            return Double(shown.expires) > Date().timeIntervalSince1970 + 80 * 86_400
        }
        let kept = try await ask(tokens[1])
        #expect(kept.status == 200)
        #expect(kept.timings.reusedConnection, "the connection from before went on")
    }

    @Test("a flood of bad tokens is counted in /metrics and does not fill the log")
    func flood() async throws {
        let single = try await SingleNode.start(yaml: Self.analysis)
        defer { single.end() }
        let node = single.node
        for _ in 0..<150 {
            let reply = try await node.measure(
                #"{"rollout":"shop","namespace":"prod"}"#, token: "bw_not-one-of-ours")
            #expect(reply.status == 401)
        }
        let page = String(decoding: try await node.get("/metrics").body, as: UTF8.self)
        #expect(page.contains(#"bellwether_refusals_total{reason="token_unknown"} 150"#))

        let (output, _) = try await node.command(
            "logs", "query", "--where", "event=auth.refused", "--json")
        let events = try output.split(separator: "\n").map {
            try JSONValue(
                parsing: Array($0.utf8), limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 16))
        }
        // A burst of ten, then one every five seconds.
        #expect((10...40).contains(events.count), "\(events.count)")
        let first = try #require(events.first)
        #expect(first["rollout"]?.string == "shop")
        #expect(first["namespace"]?.string == "prod")
        #expect(first["peer"]?.string == "127.0.0.1")
        #expect(!output.contains("not-one-of-ours"), "the token itself is nowhere")
    }
}
