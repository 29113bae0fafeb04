public import HTTPTypes

/// Reads and writes the session's cookie (RFC 6265bis).
public enum SessionCookie {
    /// `__Host-` restricts the cookie to TLS, to this exact host and to `Path=/`.
    public static let name = "__Host-bellwether"

    /// `Set-Cookie` for a session: not readable by scripts and not sent from other sites.
    public static func setting(_ value: String, maxAge: Duration) -> String {
        "\(name)=\(value); Path=/; Max-Age=\(maxAge.components.seconds); Secure; HttpOnly; SameSite=Strict"
    }

    /// `Set-Cookie` that ends the session.
    public static var clear: String { setting("", maxAge: .zero) }

    /// The cookie's value in a request. Nil if there is none, or more than one: then another party
    /// may have set one.
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

    /// Whether a browser follows a link of another site, for which it omits the cookie.
    public static func isFromAfar(_ head: HTTPRequest) -> Bool {
        func value(_ name: String) -> String? {
            HTTPField.Name(name).flatMap { head.headerFields[$0] }
        }
        return value("Sec-Fetch-Mode") == "navigate"
            && ["cross-site", "same-site"].contains(value("Sec-Fetch-Site"))
    }

    /// Whether the browser's origin headers show that a state-changing request comes from our own
    /// page. Protects browsers that do not support `SameSite`.
    public static func isSameOrigin(_ head: HTTPRequest) -> Bool {
        if let site = HTTPField.Name("Sec-Fetch-Site").flatMap({ head.headerFields[$0] }) {
            return site == "same-origin" || site == "none"
        }
        guard let origin = head.headerFields[.origin] else { return false }
        return origin == "https://" + (head.authority ?? "")
    }
}
