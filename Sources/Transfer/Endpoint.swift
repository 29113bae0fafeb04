import CCurl
import Core

/// The address of a transfer, validated before libcurl gets it.
struct Endpoint: Sendable, Equatable {
    let scheme: String
    /// Without brackets around an IPv6 address.
    let host: String
    let port: Int

    /// `scheme://host:port`: safe to log, whatever else the URL contains.
    var target: String { "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// Whether the traffic stays on this machine.
    var isLoopback: Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    /// Parses an absolute URL whose scheme is one of `schemes`.
    init(url: String, schemes: [String]) throws(TransferError) {
        func fault(_ words: String) -> TransferError {
            TransferError(.invalid, target: "(unreadable address)", words: words)
        }
        guard !url.isEmpty else { throw fault("the URL is empty") }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw fault("the URL holds a space or a control character")
        }
        guard let parsed = curl_url() else {
            throw TransferError(.internalFault, target: "(address)", words: "out of memory")
        }
        defer { curl_url_cleanup(parsed) }
        guard
            curl_url_set(parsed, CURLUPART_URL, url, UInt32(CURLU_NON_SUPPORT_SCHEME)) == CURLUE_OK
        else { throw fault("the URL is malformed; expected \(schemes[0])://host:port/path") }

        func part(_ what: CURLUPart, _ flags: Int32 = 0) -> String? {
            var text: UnsafeMutablePointer<CChar>?
            guard curl_url_get(parsed, what, &text, UInt32(flags)) == CURLUE_OK, let text else {
                return nil
            }
            defer { curl_free(text) }
            return String(cString: text)
        }
        guard let scheme = part(CURLUPART_SCHEME)?.lowercased(), schemes.contains(scheme) else {
            throw fault("the URL's scheme must be one of: \(schemes.joined(separator: ", "))")
        }
        guard var host = part(CURLUPART_HOST)?.lowercased(), !host.isEmpty else {
            throw fault("the URL names no host")
        }
        if host.hasPrefix("[") { host = String(host.dropFirst().dropLast()) }
        guard let port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT).flatMap({ Int($0) }) else {
            throw fault("the URL names no port")
        }
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// Builds an endpoint of a host (a name, IPv4, or IPv6 with or without brackets) and a port.
    init(scheme: String, host: String, port: Int) throws(TransferError) {
        let bare =
            host.hasPrefix("[") && host.hasSuffix("]")
            ? String(host.dropFirst().dropLast()) : host
        let spoken = bare.utf8.allSatisfy { byte in
            byte > 0x20 && byte != 0x7F && !"/?#@[]\\%".utf8.contains(byte)
        }
        let shown = InertText.line(bare, limit: 100)
        guard !bare.isEmpty, bare.utf8.count <= 255, spoken else {
            throw TransferError(
                .invalid, target: "\(scheme)://\(shown)", words: "'\(shown)' is not a host name")
        }
        guard (1...65_535).contains(port) else {
            throw TransferError(
                .invalid, target: "\(scheme)://\(shown)", words: "\(port) is not a port")
        }
        try self.init(
            url: "\(scheme)://\(bare.contains(":") ? "[\(bare)]" : bare):\(port)",
            schemes: [scheme])
    }

    /// Resolves a reference against `base` (RFC 3986 §5); nil if the result is not a URL.
    static func resolve(
        _ reference: String, against base: String
    ) -> (url: String, hasUser: Bool)? {
        guard let parsed = curl_url() else { return nil }
        defer { curl_url_cleanup(parsed) }
        let flags = UInt32(CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE)
        var text: UnsafeMutablePointer<CChar>?
        var user: UnsafeMutablePointer<CChar>?
        guard curl_url_set(parsed, CURLUPART_URL, base, flags) == CURLUE_OK,
            curl_url_set(parsed, CURLUPART_URL, reference, flags) == CURLUE_OK,
            curl_url_get(parsed, CURLUPART_URL, &text, 0) == CURLUE_OK, let text
        else { return nil }
        defer { curl_free(text) }
        let hasUser = curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_OK
        if let user { curl_free(user) }
        return (String(cString: text), hasUser)
    }
}
