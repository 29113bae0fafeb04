import Events
import Foundation
import TestSupport
import Testing

@testable import Server

@Suite struct SelfSignedCertificateTests {
    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test func isMadeOnceAndKept() throws {
        let directory = try TemporaryDirectory()
        let names = ["node-1", "10.0.0.9", "0.0.0.0", "not a name"]
        let files = try SelfSignedCertificate.files(in: directory.file("tls"), names: names)
        let certificate = try text(files.certificate)
        #expect(try mode(files.certificate) == 0o644)
        #expect(try mode(files.key) == 0o600)
        #expect(try mode(directory.file("tls")) == 0o700)
        let again = try SelfSignedCertificate.files(in: directory.file("tls"), names: names)
        #expect(try text(again.certificate) == certificate)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.file("tls")).sorted()
                == ["certificate.pem", "key.pem"])
    }

    @Test func opensslAgreesOnNamesAndValidity() async throws {
        let directory = try TemporaryDirectory()
        let files = try SelfSignedCertificate.files(in: directory.path, names: ["Node-1", "::2"])
        let shown = try await Command.run(
            "openssl", ["x509", "-in", files.certificate, "-noout", "-text"])
        let text = String(decoding: shown.output, as: UTF8.self)
        for part in [
            "DNS:localhost", "DNS:node-1", "IP Address:127.0.0.1", "IP Address:0:0:0:0:0:0:0:1",
            "IP Address:0:0:0:0:0:0:0:2", "prime256v1", "TLS Web Server Authentication", "CA:FALSE",
            "Version: 3", "Digital Signature", "Bellwether", "ecdsa-with-SHA256",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(try self.text(files.key).hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        let verified = try await Command.run(
            "openssl", ["verify", "-CAfile", files.certificate, files.certificate])
        #expect(verified.exit == 0)
    }

    @Test func isRenewedWhenOverOrForOtherNames() throws {
        let directory = try TemporaryDirectory()
        let clock = ManualClock()
        func make(_ names: [String]) throws -> String {
            let files = try SelfSignedCertificate.files(
                in: directory.path, names: names, clock: clock.wall)
            return try text(files.certificate)
        }
        let first = try make(["a.test"])
        clock.advance(by: .seconds(824 * 86400))
        #expect(try make(["a.test"]) == first)
        clock.advance(by: .seconds(86400))
        let second = try make(["a.test"])
        #expect(second != first)
        #expect(try make([]) == second)
        #expect(try make(["b.test"]) != second)
    }

    @Test func aPairThatDoesNotBelongTogetherIsMadeAnew() throws {
        let directory = try TemporaryDirectory()
        let files = try SelfSignedCertificate.files(in: directory.path, names: [])
        let certificate = try text(files.certificate)
        let other = try SelfSignedCertificate.make(names: [], now: WallClock.system.now)
        // As after a crash between the two files.
        try Data(other.keyPEM.utf8).write(to: URL(fileURLWithPath: files.key))
        _ = try SelfSignedCertificate.files(in: directory.path, names: [])
        #expect(try text(files.certificate) != certificate)
        #expect(try mode(files.key) == 0o600)
    }

    @Test func aFolderThatCannotBeWrittenIsAFaultWithARemedy() {
        #expect(throws: ServerError.self) {
            try SelfSignedCertificate.files(in: "/proc/none", names: [])
        }
    }
}
