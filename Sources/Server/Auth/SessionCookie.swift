public import HTTPTypes

/// The session's cookie header, both ways (RFC 6265bis).
public enum SessionCookie {
    /// `__Host-`: only over TLS, only from this very host, for every path.
    public static let name = "__Host-bellwether"

    /// `Set-Cookie` for a session: out of scripts' reach, never sent from other sites.
    public static func setting(_ value: String, maxAge: Duration) -> String {
        "\(name)=\(value); Path=/; Max-Age=\(maxAge.components.seconds); Secure; HttpOnly; SameSite=Strict"
    }

    /// `Set-Cookie` that ends the session.
    public static var clear: String { setting("", maxAge: .zero) }

    /// The cookie's value in a request; nil when there is none, or several
    /// (somebody planted one).
    public static func value(in head: HTTPRequest) -> String? {
        var values: [Substring] = []
        for header in head.headerFields[values: .cookie] {
            for pair in header.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                if pair.hasPrefix(name + "=") { values.append(pair.dropFirst(name.utf8.count + 1)) }
            }
        }
        guard values.count == 1, let value = values.first, !value.isEmpty else { return nil }
        return String(value)
    }

    /// Whether a request that changes something comes from a page of ours: what
    /// the browser says of its origin, for browsers that leave `SameSite` out.
    public static func isSameOrigin(_ head: HTTPRequest) -> Bool {
        if let site = HTTPField.Name("Sec-Fetch-Site").flatMap({ head.headerFields[$0] }) {
            return site == "same-origin" || site == "none"
        }
        guard let origin = head.headerFields[.origin] else { return false }
        return origin == "https://" + (head.authority ?? "")
    }
}
