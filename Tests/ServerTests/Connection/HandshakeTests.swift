import Events
import NIOSSL
import Synchronization
import Telemetry
import TestSupport
import Testing
import X509

@testable import Server

@Suite("Failed TLS handshakes")
struct HandshakeTests {
    private func failures(_ server: RunningServer, _ reason: String) -> Double {
        server.telemetry.registry.value(
            "bellwether_tls_handshakes_refused_total", labels: [("reason", reason)]) ?? 0
    }

    @Test("callers that cannot connect are counted by the reason, with each client's own alert")
    func counted() async throws {
        let server = try await RunningServer()
        let address = "127.0.0.1:\(server.port)"
        // curl does not know the node's authority.
        var stranger = Curl(server)
        stranger.certificate = nil
        #expect(try await stranger.get("/livez").exit == 60)
        try await eventually("the alert of curl is counted") {
            failures(server, "certificate_refused") == 1
        }
        // Plain HTTP on the TLS port.
        let plain = try await Command.run("curl", ["-sS", "-m", "5", "http://\(address)/livez"])
        #expect(plain.exit != 0)
        try await eventually("plain HTTP is counted") { failures(server, "not_tls") == 1 }
        // Only a suite that the server does not accept.
        _ = try await Command.run(
            "openssl",
            ["s_client", "-connect", address, "-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"])
        try await eventually("no common suite is counted") {
            failures(server, "no_common_protocol") == 1
        }
        // A port scan: connects and closes.
        let scan = try await RawClient.connect(server, alpn: nil)
        try await scan.close()
        try await eventually("the closed connection is counted") {
            failures(server, "closed") == 1
        }
        // Who is served is not counted.
        #expect(try await Curl(server).get("/livez").status == 200)
        #expect(failures(server, "closed") == 1)
        #expect(failures(server, "other") == 0)
        #expect(server.handshakes.all.isEmpty, "one failure each is no event")
    }

    @Test("a caller without a certificate, or with a foreign one, has its own reason")
    func clients() async throws {
        let authority = try TestAuthority()
        var setup = RunningServer.Setup()
        setup.clients = ClientCertificates(authority: authority.path, demand: .certificate)
        let server = try await RunningServer(setup)
        #expect(try await Curl(server).get("/livez").exit != 0)
        try await eventually("the missing certificate is counted") {
            failures(server, "client_certificate_missing") == 1
        }
        let other = try TestAuthority("Another authority")
        let foreign = try other.client([.dnsName("argo.test")])
        var curl = Curl(server)
        curl.arguments += ["--cert", foreign.certificate, "--key", foreign.key]
        let refused = try await curl.get("/livez")
        // 58 is a certificate that curl could not read.
        #expect(refused.exit != 0 && refused.exit != 58, "\(refused.complaint)")
        try await eventually("the foreign certificate is counted") {
            failures(server, "client_certificate_refused") == 1
        }
        // The certificate's file is in its folder.
        withExtendedLifetime(other) {}
    }

    @Test("Argo's five attempts make one event before the abort; a scan makes none")
    func reported() async throws {
        let records = Mutex<[HandshakeRecord]>([])
        let reporter = HandshakeReporter(
            clock: .system, telemetry: .silent, isExpired: { true },
            onRefusal: { record in records.withLock { $0.append(record) } })
        let start = ContinuousClock.now
        let refused = HandshakeFailure(reason: .certificateRefused, detail: "UNKNOWN_CA")
        // A scan of 500 addresses, a browser that tries five times at once, and health checks.
        for n in 0..<500 { reporter.report(refused, peer: "198.51.100.\(n % 250)", at: start) }
        for n in 0..<5 {
            reporter.report(refused, peer: "192.0.2.7", at: start + .milliseconds(300 * n))
        }
        for n in 0..<100 {
            reporter.report(
                HandshakeFailure(reason: .closed, detail: ""), peer: "192.0.2.9",
                at: start + .seconds(n))
        }
        for n in 0..<5 { reporter.report(refused, peer: "10.0.0.1", at: start + .seconds(10 * n)) }
        try await eventually("the event is made") { records.withLock { !$0.isEmpty } }
        let record = try #require(records.withLock { $0.first })
        #expect(records.withLock { $0.count } == 1)
        #expect(record.peer == "10.0.0.1")
        // The node's own certificate has expired, whatever the alert says.
        #expect(record.reason == "certificate_expired")
        #expect(record.count == 508)
    }

    @Test("once for each reason and hour, with the number of failures since")
    func hourly() {
        var tally = HandshakeTally()
        let start = ContinuousClock.now
        func add(_ seconds: Int, _ reason: HandshakeFailure.Reason = .certificateRefused) -> Int? {
            tally.add(reason, peer: "10.0.0.1", at: start + .seconds(seconds))
        }
        #expect([add(0), add(10), add(20)] == [nil, nil, 3])
        #expect([add(30), add(40), add(3600)] == [nil, nil, nil])
        // Another reason has its own hour.
        #expect(
            [
                add(50, .clientCertificateRefused), add(60, .clientCertificateRefused),
                add(70, .clientCertificateRefused),
            ] == [nil, nil, 3])
        #expect(add(3610) == nil, "a pause of more than 5 min begins anew")
        #expect(add(3630) == 5)
        // A row for each of many peers would grow without a bound.
        for peer in 0..<2000 {
            #expect(tally.add(.certificateRefused, peer: "\(peer)", at: start) == nil)
        }
    }

    @Test(
        "the reason is read from the TLS library's code",
        arguments: [
            ("SSL routines:OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA", "certificate_refused"),
            ("SSL routines:OPENSSL_internal:SSLV3_ALERT_BAD_CERTIFICATE", "certificate_refused"),
            (
                "SSL routines:OPENSSL_internal:SSLV3_ALERT_CERTIFICATE_EXPIRED",
                "certificate_expired"
            ),
            (
                "SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED",
                "client_certificate_refused"
            ),
            ("SSL routines:OPENSSL_internal:UNSUPPORTED_PROTOCOL", "no_common_protocol"),
            ("SSL routines:OPENSSL_internal:HTTP_REQUEST", "not_tls"),
            (
                "SSL routines:OPENSSL_internal:DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
                "certificate_refused"
            ),
            ("SSL routines:OPENSSL_internal:WRONG_CURVE", "no_common_protocol"),
            ("handshakeFailed: EOF during handshake", "closed"),
            ("uncleanShutdown", "closed"), ("something new", "other"),
        ])
    func reasons(text: String, reason: String) {
        struct Fault: Error, CustomStringConvertible { let description: String }
        let failure = HandshakeFailure(Fault(description: text))
        #expect(failure.reason.rawValue == reason)
        #expect(failure.detail.utf8.count <= 80)
    }
}
