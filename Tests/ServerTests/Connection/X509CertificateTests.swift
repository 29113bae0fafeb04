import NIOSSL
import SwiftASN1
import TestSupport
import Testing
import X509

@testable import Server

@Suite("What libcrypto reads in a certificate")
struct X509CertificateTests {
    private func read(_ path: String) throws -> X509Certificate {
        let certificate = try #require(try NIOSSLCertificate.fromPEMFile(path).first)
        return try #require(X509Certificate(certificate))
    }

    @Test("names of all kinds that identify a client, in order; others are skipped")
    func names() throws {
        let authority = try TestAuthority()
        let client = try authority.client([
            .dnsName("argo.test"), .rfc822Name("argo@example.com"),
            .uniformResourceIdentifier("spiffe://prod/argo"),
            .ipAddress(ASN1OctetString(contentBytes: [10, 0, 0, 9])),
        ])
        #expect(
            try read(client.certificate).names == [
                .dns("argo.test"), .uri("spiffe://prod/argo"), .address([10, 0, 0, 9]),
            ])
        #expect(try read(authority.path).names == [])
    }

    @Test("a certificate with a name that is not ASCII has no names")
    func notASCII() async throws {
        let folder = try TemporaryDirectory()
        let made = try await Command.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", "/CN=client",
                "-addext", "subjectAltName=DNS:argo.test,DNS:b\u{FC}cher.test",
                "-keyout", folder.file("key.pem"), "-out", folder.file("certificate.pem"),
            ])
        try #require(made.exit == 0, "\(made)")
        #expect(try read(folder.file("certificate.pem")).names == [])
    }

    @Test("a use by clients must be named")
    func uses() throws {
        let authority = try TestAuthority()
        let expected: [([ExtendedKeyUsage.Usage]?, Bool)] = [
            ([.clientAuth], true), ([.serverAuth, .clientAuth], true), ([.any], true),
            ([.serverAuth], false), (nil, false),
        ]
        for (usage, isForClients) in expected {
            let client = try authority.client([.dnsName("argo.test")], usage: usage)
            #expect(try read(client.certificate).isForClients == isForClients, "\(usage as Any)")
        }
    }

    @Test("an authority of the same name did not sign, and a certificate did not sign itself")
    func signer() throws {
        let (own, other) = (try TestAuthority("Same name"), try TestAuthority("Same name"))
        let client = try read(try own.client([.dnsName("argo.test")]).certificate)
        let (authority, stranger) = (try read(own.path), try read(other.path))
        #expect(client.isSigned(by: authority))
        #expect(authority.isSigned(by: authority))
        #expect(client.isIssued(by: stranger))
        #expect(!client.isSigned(by: stranger))
        #expect(!client.isIssued(by: client))
        #expect(!client.isSigned(by: client))
        #expect(!authority.isSigned(by: client))
    }
}
