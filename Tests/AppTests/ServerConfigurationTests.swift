import Foundation
import Server
import Settings
import Telemetry
import TestSupport
import Testing

@testable import App

/// `Node` passes the limits of the configuration on to its server.
@Suite("The server of a node has the configuration's limits")
struct ServerConfigurationTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func configuration(tls: String = "", limits: String = "") async throws
        -> HTTPServerConfiguration
    {
        let path = folder.file("bellwether.yaml")
        try """
        node: n
        data_dir: \(folder.file("data-\(UUID())"))
        listen:
          address: "127.0.0.1:0"
          tls: {\(tls)}
          limits: {max_connections: 40\(limits)}
        log: {min_free: 1MiB}
        analysis:
          probes: [{name: node, kind: disk, path: /}]
          checks: [{id: gateway.disk_ok, weight: 1}]

        """.write(toFile: path, atomically: true, encoding: .utf8)
        let settings = try Settings.load(path: path, environment: [:])
        let node = try await Node.open(settings, telemetry: .silent)
        let configuration = node.server.configuration
        await node.close()
        return configuration
    }

    private func pair() throws -> String {
        let files = try SelfSignedCertificate.files(in: folder.file("tls"), names: ["localhost"])
        return "certificate: \"\(files.certificate)\", key: \"\(files.key)\""
    }

    @Test("one address gets half of the connections, or what the configuration says")
    func connectionsPerPeer() async throws {
        #expect(try await configuration().limits.connections == 40)
        #expect(try await configuration().limits.connectionsPerPeer == 20)
        let few = try await configuration(limits: ", max_connections_per_peer: 7")
        #expect(few.limits.connectionsPerPeer == 7)
    }

    @Test("HSTS is sent for its time with a configured certificate, and not with the node's own")
    func strictTransport() async throws {
        #expect(try await configuration().strictTransport == nil)
        #expect(try await configuration(tls: pair()).strictTransport == .seconds(365 * 86_400))
        #expect(
            try await configuration(tls: pair() + ", hsts: 1h").strictTransport == .seconds(3600))
        #expect(try await configuration(tls: pair() + ", hsts: 0s").strictTransport == nil)
    }

    @Test("the other limits")
    func others() async throws {
        let limits = try await configuration(
            limits: ", max_header: 20KiB, max_streams: 5, max_queries: 3, idle_timeout: 31s"
        ).limits
        #expect(limits.headerBytes == 20 << 10)
        #expect(limits.streams == 5 && limits.queries == 3)
        #expect(limits.idleTimeout == .seconds(31))
    }
}
