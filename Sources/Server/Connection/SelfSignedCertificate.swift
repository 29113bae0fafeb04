import Crypto
public import Events
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A self-signed certificate, for a start without a certificate authority.
///
/// P-256, valid for 825 days (the maximum that Apple's clients accept), for the given names and
/// addresses and `localhost`, `127.0.0.1` and `::1`. Clients must be configured to trust its file.
public struct SelfSignedCertificate: Sendable {
    public static let validity = Duration.seconds(825 * 86400)

    public let certificatePEM: String
    public let keyPEM: String

    /// Creates a new certificate.
    ///
    /// - Parameter names: Host names and IP addresses in any order; others are skipped.
    public static func make(
        names: [String], now: Timestamp
    ) throws(ServerError) -> SelfSignedCertificate {
        do {
            let key = P256.Signing.PrivateKey()
            let subject = try DistinguishedName { CommonName("Bellwether") }
            // Valid from an hour ago, because clocks differ.
            let begin = now - .seconds(3600)
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(),
                publicKey: Certificate.PublicKey(key.publicKey), notValidBefore: date(begin),
                notValidAfter: date(begin + validity), issuer: subject, subject: subject,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([.serverAuth])
                    SubjectAlternativeNames(alternatives(names))
                }, issuerPrivateKey: Certificate.PrivateKey(key))
            return SelfSignedCertificate(
                certificatePEM: try certificate.serializeAsPEM().pemString + "\n",
                keyPEM: key.pemRepresentation + "\n")
        } catch {
            throw ServerError(
                place: "self-signed certificate", fault: "cannot be made (\(error))",
                remedy: "give listen.tls.certificate and listen.tls.key")
        }
    }

    /// Whether the pair can serve `names` at `now`: it parses, matches, is within its validity
    /// period, and contains every name.
    func serves(_ names: [String], at now: Timestamp) -> Bool {
        guard let certificate = try? Certificate(pemEncoded: certificatePEM),
            let key = try? P256.Signing.PrivateKey(pemRepresentation: keyPEM),
            certificate.publicKey == Certificate.PublicKey(key.publicKey),
            certificate.notValidBefore <= Self.date(now),
            Self.date(now) < certificate.notValidAfter,
            let carried = try? certificate.extensions.subjectAlternativeNames
        else { return false }
        return Set(Self.alternatives(names)).isSubset(of: Set(carried))
    }

    private static func date(_ moment: Timestamp) -> Date {
        Date(timeIntervalSince1970: moment.seconds)
    }

    // MARK: - Names

    private static func alternatives(_ names: [String]) -> [GeneralName] {
        var seen: Set<GeneralName> = []
        return (["localhost", "127.0.0.1", "::1"] + names).compactMap(alternative)
            .filter { seen.insert($0).inserted }
    }

    /// Nil for a name that no client can connect to: a wildcard address or an invalid name.
    private static func alternative(_ name: String) -> GeneralName? {
        if let bytes = IPAddress.bytes(name) {
            return bytes.allSatisfy { $0 == 0 }
                ? nil : .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
        }
        let isName =
            (1...253).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
        return isName ? .dnsName(name.lowercased()) : nil
    }
}
