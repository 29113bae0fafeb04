import CCurl
import Core

/// The first certificate that a TLS server presented: its own, not its issuers'.
public struct ServerCertificate: Sendable, Equatable {
    /// The end of its validity, in seconds since 1970.
    public let expires: Int64
    /// One printable line; unverified.
    public let subject: String

    /// Parses libcurl's certificate lines; nil if the expiry date cannot be read.
    init?(lines: [String]) {
        func value(_ name: String) -> String? {
            lines.first { $0.hasPrefix(name + ":") }
                .map { String($0.dropFirst(name.utf8.count + 1)) }
        }
        guard let text = value("Expire date"), let expires = Self.seconds(text) else { return nil }
        self.expires = expires
        subject = InertText.line((value("Subject") ?? ""), limit: 200)
    }

    /// Parses `Nov 28 03:00:00 2026 GMT` (OpenSSL) or `2026-11-28 03:00:00 GMT` (GnuTLS).
    static func seconds(_ text: String) -> Int64? {
        var parts = text.split(separator: " ").map(String.init)
        if let first = parts.first, first.utf8.count == 10 { parts[0] = first.filter { $0 != "-" } }
        let time = Int64(curl_getdate(parts.joined(separator: " "), nil))
        return time < 0 ? nil : time
    }
}

/// The server certificates that are accepted.
public enum TLSTrust: Sendable, Hashable {
    /// A certificate for the host that chains to the system's certificate authorities.
    case system
    /// A certificate for the host that chains to a certificate in this PEM file.
    case file(String)
    /// Any certificate. For first inspection of a server only: an interceptor can read all traffic.
    case insecure
}

/// The PEM files of a client certificate (leaf first) and of its key, without passphrase. Read for
/// each new connection, so that a renewed pair is used within a minute.
public struct TLSIdentity: Sendable, Hashable {
    public var certificate: String
    public var key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}
