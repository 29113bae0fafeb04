import Events
import Foundation
import JSON
import NIOSSL
import TestSupport
import Testing
import X509

@testable import Server

/// Mutual TLS over both protocols.
@Suite struct ClientCertificateTests {
    private func server(
        _ demand: ClientCertificates.Demand, _ authority: TestAuthority, names: [String] = []
    ) async throws -> RunningServer {
        var setup = RunningServer.Setup()
        setup.clients = ClientCertificates(
            authority: authority.path, names: names, demand: demand, scopes: [.analysis])
        return try await RunningServer(setup)
    }

    private func curl(
        _ server: RunningServer, _ http2: Bool, _ client: TestAuthority.Client?
    ) -> Curl {
        var curl = Curl(server, http2: http2)
        if let client { curl.arguments += ["--cert", client.certificate, "--key", client.key] }
        return curl
    }

    private func ask(_ curl: Curl, _ token: String? = nil) async throws -> Curl.Reply {
        try await curl.post("/rollouts/analysis", token: token, text: "{}")
    }

    @Test(arguments: [false, true])
    func aCertificateAloneIsEnough(http2: Bool) async throws {
        let authority = try TestAuthority()
        let server = try await server(
            .certificate, authority, names: ["argo.test", "spiffe://cluster/argo"])
        for name in [
            GeneralName.dnsName("argo.test"), .uniformResourceIdentifier("spiffe://cluster/argo"),
        ] {
            let client = try authority.client([.dnsName("other.test"), name])
            let reply = try await ask(curl(server, http2, client))
            #expect(reply.status == 200)
        }
        // Its scopes are the configured ones.
        let client = try authority.client([.dnsName("argo.test")])
        let events = try await curl(server, http2, client)
            .post("/v1/events", text: "{}")
        #expect(events.status == 403)
        #expect(events.json?["reason"]?.string == "scope_missing")
        #expect(server.refusals.all.map(\.credential) == ["cert:argo.test"])
    }

    @Test(arguments: [false, true])
    func anotherNameIsForbidden(http2: Bool) async throws {
        let authority = try TestAuthority()
        let server = try await server(.certificate, authority, names: ["argo.test"])
        let client = try authority.client([.dnsName("argo.test.evil"), .dnsName("x.argo.test")])
        let reply = try await ask(curl(server, http2, client))
        #expect(reply.status == 403)
        #expect(reply.json?["reason"]?.string == "client_name_refused")
        #expect(server.refusals.all.map(\.credential) == ["cert:argo.test.evil"])
    }

    @Test(arguments: [false, true])
    func noneOrAForeignOneEndsTheHandshakeWhereOneIsNeeded(http2: Bool) async throws {
        let authority = try TestAuthority()
        let stranger = try TestAuthority("Another authority").client([.dnsName("argo.test")])
        for demand in [ClientCertificates.Demand.certificate, .both] {
            let server = try await server(demand, authority)
            for client in [nil, stranger] {
                let reply = try await ask(curl(server, http2, client), server.token(.analysis))
                #expect(reply.status == 0)
                #expect(reply.exit != 0)
            }
        }
    }

    @Test(arguments: [false, true])
    func bothNeedsBothAndTheTokenDecides(http2: Bool) async throws {
        let authority = try TestAuthority()
        let server = try await server(.both, authority, names: ["argo.test"])
        let client = try authority.client([.dnsName("argo.test")])
        let curl = curl(server, http2, client)
        #expect(try await ask(curl).status == 401)
        #expect(try await ask(curl, server.token(.read)).status == 403)
        #expect(try await ask(curl, server.token(.analysis)).status == 200)
    }

    @Test(arguments: [false, true])
    func eitherTakesOneOrTheOther(http2: Bool) async throws {
        let authority = try TestAuthority()
        let server = try await server(.either, authority, names: ["argo.test"])
        let client = try authority.client([.dnsName("argo.test")])
        #expect(try await ask(curl(server, http2, client)).status == 200)
        #expect(try await ask(curl(server, http2, nil), server.token(.analysis)).status == 200)
        #expect(try await ask(curl(server, http2, nil)).status == 401)
        // A valid certificate does not make up for an invalid token.
        #expect(try await ask(curl(server, http2, client), "bw_wrong").status == 401)
        let stranger = try TestAuthority("Another authority").client([.dnsName("argo.test")])
        let foreign = try await ask(curl(server, http2, stranger), server.token(.analysis))
        #expect(foreign.status == 0)
    }

    @Test("a certificate not meant for clients is refused", arguments: [false, true])
    func otherPurpose(http2: Bool) async throws {
        let authority = try TestAuthority()
        let server = try await server(.certificate, authority)
        let silent = try authority.client([.dnsName("argo.test")], usage: nil)
        let reply = try await ask(curl(server, http2, silent))
        #expect(reply.status == 403)
        #expect(reply.json?["reason"]?.string == "certificate_purpose")
        // A certificate for servers only fails the handshake or gets 403.
        let serving = try authority.client([.dnsName("argo.test")], usage: [.serverAuth])
        #expect([0, 403].contains(try await ask(curl(server, http2, serving)).status))
        let both = try authority.client([.dnsName("argo.test")], usage: [.serverAuth, .clientAuth])
        #expect(try await ask(curl(server, http2, both)).status == 200)
    }

    @Test("an expired client certificate is refused, even if the handshake accepts it")
    func overWhileConnected() async throws {
        let clock = ManualClock(startingAt: WallClock.system.now)
        let authority = try TestAuthority()
        var setup = RunningServer.Setup()
        setup.clock = clock.wall
        setup.clients = ClientCertificates(
            authority: authority.path, demand: .certificate, scopes: [.analysis])
        let server = try await RunningServer(setup)
        let client = try authority.client([.dnsName("argo.test")], validFor: 3600)
        #expect(try await ask(curl(server, false, client)).status == 200)
        // The handshake uses the machine's clock, so it accepts the certificate.
        clock.advance(by: .seconds(3601))
        let reply = try await ask(curl(server, true, client))
        #expect(reply.status == 401)
        #expect(reply.json?["reason"]?.string == "certificate_expired")
    }

    @Test(
        "a resumed session does not outlive its client certificate",
        arguments: ["-tls1_2", "-tls1_3"])
    func resumed(version: String) async throws {
        let clock = ManualClock(startingAt: WallClock.system.now)
        let authority = try TestAuthority()
        var setup = RunningServer.Setup()
        setup.clock = clock.wall
        setup.clients = ClientCertificates(
            authority: authority.path, demand: .certificate, scopes: [.analysis])
        let server = try await RunningServer(setup)
        let client = try authority.client([.dnsName("argo.test")], validFor: 3600)
        let folder = try TemporaryDirectory()
        let session = folder.file("session")
        let request =
            "POST /rollouts/analysis HTTP/1.1\r\nHost: bellwether.test\r\n"
            + "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
        func ask(_ more: String...) async throws -> String {
            let result = try await Command.run(
                "openssl",
                [
                    "s_client", "-connect", "127.0.0.1:\(server.port)", version, "-alpn",
                    "http/1.1", "-ign_eof",
                ] + more, input: Array(request.utf8))
            return String(decoding: result.output + result.errors, as: UTF8.self)
        }
        let first = try await ask(
            "-cert", client.certificate, "-key", client.key, "-sess_out", session)
        #expect(first.contains("HTTP/1.1 200") && first.contains("New, TLS"))
        // The session alone names the client.
        let early = try await ask("-sess_in", session)
        #expect(early.contains("Reused, TLS") && early.contains("HTTP/1.1 200"), "\(early)")
        clock.advance(by: .seconds(3601))
        let late = try await ask("-sess_in", session)
        #expect(late.contains("Reused, TLS"), "\(late)")
        #expect(late.contains("HTTP/1.1 401") && late.contains("certificate_expired"), "\(late)")
        #expect(!late.contains("HTTP/1.1 200"))
    }

    @Test("a client certificate is not trusted after its authority is removed")
    func authorityTakenAway() async throws {
        let (old, new) = (try TestAuthority("Old"), try TestAuthority("New"))
        let folder = try TemporaryDirectory()
        let path = folder.file("clients.pem")
        func install(_ authorities: TestAuthority...) throws {
            let text = try authorities.map {
                try String(contentsOfFile: $0.path, encoding: .utf8) + "\n"
            }
            try text.joined().write(toFile: path, atomically: true, encoding: .utf8)
        }
        try install(old)
        let files = try SelfSignedCertificate.files(in: folder.file("tls"), names: ["a.test"])
        let clients = ClientCertificates(authority: path, demand: .certificate)
        let box = try TLSContextBox(files, clients: clients)
        func shown(by authority: TestAuthority) throws -> ClientCertificate {
            let file = try authority.client([.dnsName("argo.test")]).certificate
            let certificate = try #require(try NIOSSLCertificate.fromPEMFile(file).first)
            return try #require(ClientCertificate(certificate, trust: box.context.trust))
        }
        let early = try shown(by: old)
        #expect(box.trusts(early))
        // Both authorities for a while: no client has to reconnect.
        try install(old, new)
        box.take(try box.prepare(files, clients: clients))
        let late = try shown(by: new)
        #expect(box.trusts(early) && box.trusts(late))
        // Remove the old one.
        try install(new)
        box.take(try box.prepare(files, clients: clients))
        #expect(!box.trusts(early))
        #expect(box.trusts(late))
    }

    @Test func anAuthorityThatCannotBeReadIsAFault() async throws {
        let directory = try TemporaryDirectory()
        var setup = RunningServer.Setup()
        setup.clients = ClientCertificates(authority: directory.file("none.pem"), demand: .both)
        await #expect(throws: ServerError.self) { try await RunningServer(setup) }
    }
}
