import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("TLS trust")
struct TLSTests {
    let engine = TransferEngine(telemetry: .silent)
    let folder: TemporaryDirectory
    let certificate: TestCertificate

    init() async throws {
        folder = try TemporaryDirectory()
        certificate = try await TestCertificate.make(in: folder)
    }

    private func kind(_ url: String, _ trust: TLSTrust) async -> TransferError.Kind? {
        do throws(TransferError) {
            let reply = try await engine.http(HTTPTransfer(url: url, tls: trust))
            #expect(reply.status == 200)
            return nil
        } catch { return error.kind }
    }

    @Test("a certificate is trusted by its authority and its name, or not at all")
    func trust() async throws {
        let server = try await HTTPDouble.start(tls: certificate)
        let other = try await TestCertificate.make(in: folder, name: "other")
        #expect(await kind(server.url("/echo"), .file(certificate.certificate)) == nil)
        #expect(
            await kind(server.url("/echo", host: "localhost"), .file(certificate.certificate))
                == nil)
        #expect(await kind(server.url("/echo"), .system) == .tls)
        #expect(await kind(server.url("/echo"), .file(other.certificate)) == .tls)
        #expect(await kind(server.url("/echo"), .insecure) == nil)
        // A file of authorities may be missing briefly while it is replaced: worth a retry.
        #expect(await kind(server.url("/echo"), .file("/nonexistent/ca.pem")) == .tls)
        // A connection accepted as insecure is not reused for a stricter request.
        #expect(await kind(server.url("/echo"), .system) == .tls)
    }

    @Test("a replaced file of authorities is used by the next connection, and kept ones end")
    func replacedAuthority() async throws {
        let engine = TransferEngine(telemetry: .silent, connectionLifetime: .seconds(1))
        defer { engine.shutdown() }
        let other = try await TestCertificate.make(in: folder, name: "other")
        let file = folder.file("ca.pem")
        func trust(_ authority: TestCertificate) throws {
            let pem = try String(contentsOfFile: authority.certificate, encoding: .utf8)
            try pem.write(toFile: file, atomically: true, encoding: .utf8)
        }
        @Sendable func isTrusted(_ server: HTTPDouble) async -> Bool {
            let transfer = HTTPTransfer(url: server.url("/status/200"), tls: .file(file))
            return (try? await engine.http(transfer).status) == 200
        }
        try trust(certificate)
        let server = try await HTTPDouble.start(tls: certificate)
        #expect(await isTrusted(server))
        try trust(other)
        let renewed = try await HTTPDouble.start(tls: other)
        #expect(await isTrusted(renewed))
        try await eventually("the connection of the old authority ends", within: .seconds(20)) {
            await !isTrusted(server)
        }
    }

    @Test("a server gets the client certificate, on connections of that certificate only")
    func identity() async throws {
        let client = try await TestCertificate.make(in: folder, name: "client")
        let server = try await HTTPDouble.start(tls: certificate, clientCA: client.certificate)
        func status(_ identity: TLSIdentity?) async -> Int? {
            let transfer = HTTPTransfer(
                url: server.url("/status/200"), tls: .file(certificate.certificate),
                identity: identity)
            return try? await engine.http(transfer).status
        }
        #expect(await status(nil) == nil)
        #expect(await status(TLSIdentity(certificate: client.certificate, key: client.key)) == 200)
        // A connection made with a certificate is not reused without it.
        #expect(await status(nil) == nil)
        let stranger = try await TestCertificate.make(in: folder, name: "stranger")
        #expect(
            await status(TLSIdentity(certificate: stranger.certificate, key: stranger.key)) == nil)
        // The key of another certificate.
        #expect(
            await status(TLSIdentity(certificate: stranger.certificate, key: client.key)) == nil)
    }

    @Test("a certificate with another name is refused")
    func wrongName() async throws {
        let wrong = try await TestCertificate.make(
            in: folder, name: "wrong", names: "DNS:elsewhere.example")
        let server = try await HTTPDouble.start(tls: wrong)
        #expect(await kind(server.url("/echo"), .file(wrong.certificate)) == .tls)
    }

    @Test("plain text where TLS is expected, and TLS where plain text is")
    func mismatch() async throws {
        let plain = try await HTTPDouble.start()
        let secure = try await HTTPDouble.start(tls: certificate)
        #expect(await kind("https://127.0.0.1:\(plain.port)/echo", .insecure) == .tls)
        let error = await kind("http://127.0.0.1:\(secure.port)/echo", .insecure)
        #expect(error == .protocolFault || error == .closed)
    }
}
