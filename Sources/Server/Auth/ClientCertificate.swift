import Events
import NIOSSL
import SwiftASN1
import X509

/// A client certificate from a handshake, with what is checked again at each request.
///
/// The recheck is needed because a connection and a resumed TLS session can outlive the
/// certificate.
struct ClientCertificate: Sendable, Hashable {
    /// DNS and URI subject alternative names, as written.
    let names: [String]
    let notBefore: Timestamp
    let notAfter: Timestamp
    /// Whether its extended key usage names clients (RFC 5280 §4.2.1.12).
    let isForClients: Bool
    /// Identifies the set of authorities in force when it was verified.
    let trust: Int
    private let certificate: Certificate

    /// Returns nil if the certificate cannot be parsed.
    init?(_ shown: NIOSSLCertificate, trust: Int) {
        guard let der = try? shown.toDERBytes(),
            let certificate = try? Certificate(derEncoded: der)
        else { return nil }
        self.certificate = certificate
        self.trust = trust
        notBefore = Timestamp(milliseconds: Int64(shown.notValidBefore) *| 1000)
        notAfter = Timestamp(milliseconds: Int64(shown.notValidAfter) *| 1000)
        let usage = try? certificate.extensions.extendedKeyUsage
        isForClients = usage.map { $0.contains(.clientAuth) || $0.contains(.any) } ?? false
        let alternatives = try? certificate.extensions.subjectAlternativeNames
        names = (alternatives ?? SubjectAlternativeNames([])).compactMap { name in
            switch name {
            case .dnsName(let name): name
            case .uniformResourceIdentifier(let uri): uri
            default: nil
            }
        }
    }

    /// Whether one of the authorities signed it directly.
    func isSigned(byOneOf authorities: [Certificate]) -> Bool {
        authorities.contains {
            $0.subject == certificate.issuer
                && $0.publicKey.isValidSignature(certificate.signature, for: certificate)
        }
    }
}
