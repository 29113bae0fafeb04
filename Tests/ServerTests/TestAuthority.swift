import Crypto
import Foundation
import SwiftASN1
import TestSupport
import X509

/// A certificate authority that signs client certificates.
struct TestAuthority {
    struct Client {
        let certificate: String
        let key: String
    }

    let path: String
    private let directory: TemporaryDirectory
    private let key = P256.Signing.PrivateKey()
    private let name: DistinguishedName

    /// The extended key usage of a certificate; nil: none is given.
    static let clientUsage: [ExtendedKeyUsage.Usage]? = [.clientAuth]

    init(_ commonName: String = "Test authority") throws {
        directory = try TemporaryDirectory()
        path = directory.file("ca.pem")
        name = try DistinguishedName { CommonName(commonName) }
        let certificate = try Self.certificate(
            subject: name, key: key.publicKey, issuer: name, signer: key,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true))
            })
        try Data(certificate.serializeAsPEM().pemString.utf8).write(to: URL(fileURLWithPath: path))
    }

    /// Creates a client certificate with these subject alternative names.
    func client(
        _ names: [GeneralName], usage: [ExtendedKeyUsage.Usage]? = clientUsage,
        validFor validity: TimeInterval = 86_400
    ) throws -> Client {
        let key = P256.Signing.PrivateKey()
        let certificate = try Self.certificate(
            subject: DistinguishedName { CommonName("client") }, key: key.publicKey, issuer: name,
            signer: self.key,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                SubjectAlternativeNames(names)
                if let usage { try ExtendedKeyUsage(usage) }
            }, validity: validity)
        let client = Client(
            certificate: directory.file("\(UUID()).pem"), key: directory.file("\(UUID()).key"))
        try Data(certificate.serializeAsPEM().pemString.utf8)
            .write(to: URL(fileURLWithPath: client.certificate))
        try Data(key.pemRepresentation.utf8).write(to: URL(fileURLWithPath: client.key))
        return client
    }

    private static func certificate(
        subject: DistinguishedName, key: P256.Signing.PublicKey, issuer: DistinguishedName,
        signer: P256.Signing.PrivateKey, extensions: Certificate.Extensions,
        validity: TimeInterval = 86_400
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(),
            publicKey: Certificate.PublicKey(key), notValidBefore: Date() - 3600,
            notValidAfter: Date() + validity, issuer: issuer, subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: Certificate.PrivateKey(signer))
    }
}
