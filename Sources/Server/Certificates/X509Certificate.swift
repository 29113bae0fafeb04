import CCrypto
import NIOSSL

/// A certificate (RFC 5280) as its bytes in DER, which libcrypto parses for each question.
///
/// NIO's certificates have neither extended key usages nor signatures to check.
struct X509Certificate: Sendable, Hashable {
    /// A subject alternative name.
    enum Name: Sendable, Hashable {
        case dns(String)
        case uri(String)
        /// 4 or 16 bytes.
        case address([UInt8])
    }

    /// A subject alternative name as libcrypto passes it.
    private struct FoundName {
        let kind: Int32
        let bytes: [UInt8]
    }

    private let der: [UInt8]

    /// Returns nil if libcrypto cannot parse the certificate.
    init?(_ certificate: NIOSSLCertificate) {
        guard let der = try? certificate.toDERBytes() else { return nil }
        self.der = der
        guard parsed({ _ in true }) != nil else { return nil }
    }

    /// The subject alternative names that are DNS names, URIs or addresses. Empty if one of the
    /// texts is not ASCII, as IA5String demands.
    var names: [Name] {
        let found = parsed { certificate in
            var found: [FoundName] = []
            withUnsafeMutablePointer(to: &found) { list in
                ccrypto_names(certificate, list) { context, kind, start, count in
                    let bytes = UnsafeBufferPointer(start: start, count: Int(clamping: count))
                    context?.assumingMemoryBound(to: [FoundName].self).pointee
                        .append(FoundName(kind: kind, bytes: Array(bytes)))
                }
            }
            return found
        }
        var names: [Name] = []
        for name in found ?? [] {
            if name.kind == GEN_IPADD {
                names.append(.address(name.bytes))
                continue
            }
            guard name.bytes.allSatisfy({ $0 < 0x80 }) else { return [] }
            let text = String(decoding: name.bytes, as: UTF8.self)
            names.append(name.kind == GEN_DNS ? .dns(text) : .uri(text))
        }
        return names
    }

    /// Whether its extended key usage names clients, or any use. False if it has none.
    var isForClients: Bool { parsed { ccrypto_is_for_clients($0) == 1 } ?? false }

    /// Whether `authority` is its issuer by name.
    func isIssued(by authority: X509Certificate) -> Bool {
        parsed { certificate in
            authority.parsed { ccrypto_is_issuer($0, certificate) == 1 } ?? false
        } ?? false
    }

    /// Whether `authority` is its issuer by name and made its signature. Checks neither times nor
    /// constraints.
    func isSigned(by authority: X509Certificate) -> Bool {
        parsed { certificate in
            authority.parsed { authority in
                ccrypto_is_issuer(authority, certificate) == 1
                    && ccrypto_is_signed(certificate, authority) == 1
            } ?? false
        } ?? false
    }

    /// Returns the result of `body` for the parsed certificate; nil if it cannot be parsed.
    private func parsed<Value>(_ body: (OpaquePointer) -> Value) -> Value? {
        guard let certificate = ccrypto_certificate(der, der.count) else { return nil }
        defer { X509_free(certificate) }
        return body(certificate)
    }
}
