import Events
import NIOSSL
import SwiftASN1
import X509

/// A client's certificate as it was shown at a handshake, and what must still hold of it at each
/// request: a connection, and a TLS session that is resumed, can outlive it.
struct ClientCertificate: Sendable, Hashable {
    /// DNS and URI subject alternative names, as written.
    let names: [String]
    let notBefore: Timestamp
    let notAfter: Timestamp
    /// Whether its extended key usage names clients (RFC 5280 §4.2.1.12).
    let isForClients: Bool
    /// Which authorities were in force when it was verified.
    let trust: Int
    private let certificate: Certificate

    /// nil for what cannot be read.
    init?(_ shown: NIOSSLCertificate, trust: Int) {
        guard let der = try? shown.toDERBytes(),
            let certificate = try? Certificate(derEncoded: der)
        else { return nil }
        self.certificate = certificate
        self.trust = trust
        notBefore = Timestamp(milliseconds: Int64(shown.notValidBefore) * 1000)
        notAfter = Timestamp(milliseconds: Int64(shown.notValidAfter) * 1000)
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

    /// Whether one of the authorities itself signed it.
    func isSigned(byOneOf authorities: [Certificate]) -> Bool {
        authorities.contains {
            $0.subject == certificate.issuer
                && $0.publicKey.isValidSignature(certificate.signature, for: certificate)
        }
    }
}
