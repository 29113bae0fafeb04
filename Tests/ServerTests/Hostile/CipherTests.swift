import TestSupport
import Testing

@testable import Server

@Suite("Cipher suites")
struct CipherTests {
    @Test(
        "TLS 1.2 accepts only authenticated encryption with forward secrecy",
        arguments: [
            ("ECDHE-ECDSA-AES128-GCM-SHA256", true), ("ECDHE-ECDSA-AES256-GCM-SHA384", true),
            ("ECDHE-ECDSA-CHACHA20-POLY1305", true), ("ECDHE-ECDSA-AES128-SHA", false),
            ("ECDHE-ECDSA-AES256-SHA", false), ("ECDHE-ECDSA-AES128-SHA256", false),
        ])
    func tls12(suite: String, isTaken: Bool) async throws {
        let server = try await RunningServer()
        let result = try await Command.run(
            "openssl",
            [
                "s_client", "-connect", "127.0.0.1:\(server.port)", "-tls1_2", "-cipher",
                suite + ":@SECLEVEL=0", "-brief",
            ])
        #expect((result.exit == 0) == isTaken, "\(String(decoding: result.errors, as: UTF8.self))")
    }

    @Test("TLS 1.1 and older are refused; TLS 1.3 works")
    func versions() async throws {
        let server = try await RunningServer()
        for (version, isTaken) in [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
            let result = try await Command.run(
                "openssl",
                [
                    "s_client", "-connect", "127.0.0.1:\(server.port)", version, "-cipher",
                    "ALL:@SECLEVEL=0", "-brief",
                ])
            #expect((result.exit == 0) == isTaken, "\(version)")
        }
    }
}
