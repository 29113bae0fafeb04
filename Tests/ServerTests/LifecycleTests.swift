import Foundation
import HTTPTypes
import HummingbirdCore
import ServiceLifecycle
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Server

/// Start, certificate reload and shutdown.
@Suite struct LifecycleTests {
    /// A route that signals its start and responds once it is released.
    private final class Turnstile: Sendable {
        let began = Promise<Void>()
        let released = Promise<Void>()

        var route: Route {
            Route(.get, "/wait", access: .open) { _ in
                self.began.fulfil(())
                await self.released.value
                return .bytes(Array("done".utf8))
            }
        }
    }

    @Test(arguments: [false, true])
    func aShutdownAnswersWhatIsUnderWay(http2: Bool) async throws {
        let turnstile = Turnstile()
        let server = try await RunningServer(
            routes: [turnstile.route, .health("/livez", checks: [])])
        let curl = Curl(server, http2: http2)
        async let reply = curl.get("/wait")
        await turnstile.began.value
        async let stopped: Void = server.stop()
        try await eventually("new connections are refused") {
            try await curl.get("/livez").exit == 7
        }
        #expect(server.server.isDraining)
        turnstile.released.fulfil(())
        let answer = try await reply
        #expect(answer.text == "done", "\(answer.complaint)")
        try await stopped
    }

    @Test(arguments: [false, true])
    func aShutdownEndsByItsDeadlineWhateverIsStillOpen(http2: Bool) async throws {
        var setup = RunningServer.Setup()
        setup.limits.drainDeadline = .milliseconds(200)
        let began = Promise<Void>()
        let server = try await RunningServer(
            setup,
            routes: [
                Route(.get, "/forever", access: .open) { _ in
                    began.fulfil(())
                    try await Task.sleep(for: .seconds(3600))
                    return .bytes([])
                }
            ])
        let curl = Curl(server, http2: http2)
        async let reply = curl.get("/forever")
        await began.value
        try await server.stop()
        _ = try await reply
    }

    @Test func aShutdownDoesNotWaitForHandshakesThatNeverCome() async throws {
        let server = try await RunningServer()
        let silent = try await RawClient.connect(server, alpn: nil)
        let idle = try await RawClient.connect(server)
        try await idle.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        try await idle.receives(#""status":"pass""#)
        try await server.stop()
        try await silent.closed()
        try await idle.closed()
    }

    @Test func certificatesChangeWithoutDroppingConnections() async throws {
        let server = try await RunningServer()
        let open = try await RawClient.connect(server)
        try await open.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        try await open.receives(#""status":"pass""#)
        let old = try Data(contentsOf: URL(fileURLWithPath: server.certificate))
        let oldCopy = server.directory.file("old.pem")
        try old.write(to: URL(fileURLWithPath: oldCopy))

        // A new pair under the same names.
        let tls = server.directory.file("tls")
        try FileManager.default.removeItem(atPath: tls)
        _ = try SelfSignedCertificate.files(in: tls, names: ["bellwether.test"])
        server.server.take(try server.server.prepareCertificates())

        #expect(try await Curl(server).get("/livez").status == 200)
        var former = Curl(server)
        former.certificate = oldCopy
        #expect(try await former.get("/livez").exit == 60)
        try await open.send("GET /peer HTTP/1.1\r\nHost: a\r\n\r\n")
        try await open.receives("127.0.0.1")
    }

    @Test func certificatesThatDoNotFitChangeNothing() async throws {
        let server = try await RunningServer()
        let other = try SelfSignedCertificate.files(in: server.directory.file("other"), names: [])
        let own = server.directory.file("tls")
        for files in [
            TLSFiles(certificate: other.certificate, key: own + "/key.pem"),
            TLSFiles(certificate: other.certificate, key: other.certificate),
            TLSFiles(certificate: other.key, key: other.key),
            TLSFiles(certificate: own + "/none.pem", key: other.key),
        ] {
            #expect(throws: ServerError.self) {
                _ = try server.server.prepareCertificates(from: files)
            }
        }
        #expect(try await Curl(server).get("/livez").status == 200)
    }

    @Test func aTakenPortIsAFaultWithARemedy() async throws {
        let first = try await RunningServer()
        let files = TLSFiles(
            certificate: first.certificate, key: first.directory.file("tls/key.pem"))
        let second = try HTTPServer(
            HTTPServerConfiguration(
                address: ListenAddress(host: "127.0.0.1", port: first.port), tls: files),
            routes: [], tokens: first.tokens)
        await #expect(throws: ServerError.self) { try await second.run() }
        await #expect(throws: ServerError.self) { try await second.address }
    }

    @Test(
        "listens where configured, and reports each peer by its own address",
        arguments: [
            ("", ["127.0.0.1", "::1"]), ("::", ["127.0.0.1", "::1"]), ("0.0.0.0", ["127.0.0.1"]),
            ("::1", ["::1"]), ("127.0.0.1", ["127.0.0.1"]),
        ])
    func listens(host: String, reachable: [String]) async throws {
        let first = try await RunningServer()
        let files = TLSFiles(
            certificate: first.certificate, key: first.directory.file("tls/key.pem"))
        let server = try HTTPServer(
            HTTPServerConfiguration(address: ListenAddress(host: host, port: 0), tls: files),
            routes: RunningServer.routes(first.telemetry.registry), tokens: first.tokens)
        let running = Task { try await server.run() }
        let port = try await server.address.port
        for peer in ["127.0.0.1", "::1"] {
            var curl = Curl(first)
            curl.base = "https://\(ListenAddress(host: peer, port: port))"
            let reply = try await curl.get("/peer", "-g")
            #expect(reply.text == (reachable.contains(peer) ? peer : ""), "\(reply.complaint)")
        }
        running.cancel()
        try await running.value
    }

    @Test("an address of another machine is a fault with a remedy")
    func elsewhere() async throws {
        let first = try await RunningServer()
        let files = TLSFiles(
            certificate: first.certificate, key: first.directory.file("tls/key.pem"))
        let server = try HTTPServer(
            HTTPServerConfiguration(
                address: ListenAddress(host: "192.0.2.1", port: 8443), tls: files),
            routes: [], tokens: first.tokens)
        let running = Task { try await server.run() }
        do {
            _ = try await server.address
            Issue.record("it listens")
        } catch { #expect(error.remedy.contains("write :8443")) }
        await #expect(throws: ServerError.self) { try await running.value }
    }
}
