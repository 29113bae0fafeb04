import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("bellwether health where clients need a certificate")
struct HealthCertificateTests {
    @Test(
        "says what is missing, and passes with a certificate", arguments: ["certificate", "both"])
    func health(clients: String) async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let folder = try TemporaryDirectory("client")
        let (certificate, key) = (folder.file("client.pem"), folder.file("client.key"))
        let openssl = try ChildProcess(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", "/CN=client", "-addext",
                "subjectAltName=DNS:client", "-addext", "extendedKeyUsage=clientAuth", "-keyout",
                key, "-out", certificate,
            ])
        #expect(try await openssl.waitForExit() == .code(0), "\(openssl.errors)")
        let port = try FreePort.take()
        let configuration = folder.file("bellwether.yaml")
        try """
        node: closed
        data_dir: \(folder.file("data"))
        listen:
          address: "127.0.0.1:\(port)"
          tls: {client_ca: "\(certificate)", clients: \(clients)}
        analysis:
          probes: [{name: node, kind: disk, path: /}]
          checks: [{id: gateway.disk_ok}]
          concerns: {}
        """.write(toFile: configuration, atomically: true, encoding: .utf8)
        let node = try ChildProcess(
            NodeProcess.executable, ["serve", "--config", configuration],
            environment: ["SWIFT_BACKTRACE": "enable=no"])
        defer { node.kill() }
        @Sendable func health(
            _ more: String...
        ) async throws -> (output: String, exit: ChildProcess.Exit) {
            let child = try ChildProcess(
                NodeProcess.executable, ["health", "--config", configuration] + more)
            let exit = try await child.waitForExit()
            return (child.output, exit)
        }
        try await eventually("the node is ready for a client with a certificate") {
            try await health("--client-certificate", certificate, "--client-key", key).exit
                == .code(0)
        }
        let without = try await health()
        #expect(without.exit == .code(1))
        #expect(without.output.contains("--client-certificate"), "\(without.output)")
        #expect(try await health("--client-certificate", certificate).exit == .code(64))
    }
}
