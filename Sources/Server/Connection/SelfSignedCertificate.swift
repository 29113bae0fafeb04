import CCrypto
public import Events
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
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
        // Valid from an hour ago, because clocks differ.
        let begin = now - .seconds(3600)
        let end = begin + validity
        guard let key = ccrypto_p256_key() else { throw fault() }
        defer { EVP_PKEY_free(key) }
        guard let carried = GENERAL_NAMES_new() else { throw fault() }
        defer { GENERAL_NAMES_free(carried) }
        for name in alternatives(names) {
            guard add(name, to: carried) else { throw fault() }
        }
        guard
            let certificate = ccrypto_self_signed(
                key, "Bellwether", carried, begin.milliseconds / 1000, end.milliseconds / 1000)
        else { throw fault() }
        defer { X509_free(certificate) }
        guard let certificatePEM = text(ccrypto_certificate_pem(certificate)),
            let keyPEM = text(ccrypto_key_pem(key))
        else { throw fault() }
        return SelfSignedCertificate(certificatePEM: certificatePEM, keyPEM: keyPEM)
    }

    private static func add(_ name: X509Certificate.Name, to names: OpaquePointer) -> Bool {
        let (kind, bytes): (Int32, [UInt8]) =
            switch name {
            case .dns(let text): (GEN_DNS, Array(text.utf8))
            case .uri(let text): (GEN_URI, Array(text.utf8))
            case .address(let bytes): (GEN_IPADD, bytes)
            }
        return ccrypto_add_name(names, kind, bytes, Int32(clamping: bytes.count)) == 1
    }

    /// The text of C, which is freed.
    private static func text(_ text: UnsafeMutablePointer<CChar>?) -> String? {
        guard let text else { return nil }
        defer { free(text) }
        return String(cString: text)
    }

    /// What libcrypto's last failed call on this thread reported.
    private static func fault() -> ServerError {
        let code = ERR_get_error()
        ERR_clear_error()
        let reason = ERR_reason_error_string(code).map { String(cString: $0) }
        return ServerError(
            place: "self-signed certificate",
            fault: "cannot be made (\(reason ?? "error \(code) of libcrypto"))",
            remedy: "give listen.tls.certificate and listen.tls.key")
    }

    /// Whether the pair can serve `names` at `now`: it parses, matches, is within its validity
    /// period, and contains every name.
    func serves(_ names: [String], at now: Timestamp) -> Bool {
        guard
            let certificate = try? NIOSSLCertificate(
                bytes: Array(certificatePEM.utf8), format: .pem),
            let key = try? NIOSSLPrivateKey(bytes: Array(keyPEM.utf8), format: .pem),
            CertificateReview.fits(certificate, key),
            Timestamp(milliseconds: Int64(certificate.notValidBefore) *| 1000) <= now,
            now < Timestamp(milliseconds: Int64(certificate.notValidAfter) *| 1000),
            let carried = X509Certificate(certificate)?.names
        else { return false }
        return Set(Self.alternatives(names)).isSubset(of: carried)
    }

    // MARK: - Names

    private static func alternatives(_ names: [String]) -> [X509Certificate.Name] {
        var seen: Set<X509Certificate.Name> = []
        return (["localhost", "127.0.0.1", "::1"] + names).compactMap(alternative)
            .filter { seen.insert($0).inserted }
    }

    /// Nil for a name that no client can connect to: a wildcard address or an invalid name.
    private static func alternative(_ name: String) -> X509Certificate.Name? {
        if let bytes = IPAddress.bytes(name) {
            return bytes.allSatisfy { $0 == 0 } ? nil : .address(bytes)
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
        return isName ? .dns(name.lowercased()) : nil
    }
}
