import Events
import NIOSSL

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
    private let certificate: X509Certificate

    /// Returns nil if the certificate cannot be parsed.
    init?(_ shown: NIOSSLCertificate, trust: Int) {
        guard let certificate = X509Certificate(shown) else { return nil }
        self.certificate = certificate
        self.trust = trust
        notBefore = Timestamp(milliseconds: Int64(shown.notValidBefore) *| 1000)
        notAfter = Timestamp(milliseconds: Int64(shown.notValidAfter) *| 1000)
        isForClients = certificate.isForClients
        names = certificate.names.compactMap { name in
            switch name {
            case .dns(let text), .uri(let text): text
            case .address: nil
            }
        }
    }

    /// Whether one of the authorities signed it directly.
    func isSigned(byOneOf authorities: [X509Certificate]) -> Bool {
        authorities.contains { certificate.isSigned(by: $0) }
    }
}
