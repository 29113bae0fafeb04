import Core
import HTTPTypes

/// The credential of a request, not verified yet.
enum Credential: Sendable, Equatable {
    case none
    /// The header is present but is not a readable credential.
    case malformed
    case token(String)
    case session(String)

    /// The maximum length of a credential in bytes; longer ones are malformed and are not hashed.
    static let longest = 512

    init(_ head: HTTPRequest, schemes: Set<Access.Scheme>) {
        if let header = head.headerFields[.authorization] {
            self = Self.authorization(header, schemes: schemes)
        } else if schemes.contains(.session), let cookie = SessionCookie.value(in: head) {
            self = .session(cookie)
        } else {
            self = .none
        }
    }

    private static func authorization(
        _ header: String, schemes: Set<Access.Scheme>
    ) -> Credential {
        let blank = UInt8(ascii: " ")
        let bytes = header.utf8.drop { $0 == blank }
        guard let end = bytes.firstIndex(of: blank) else { return .malformed }
        let scheme = header[bytes.startIndex..<end]
        let rest = header[bytes[end...].drop { $0 == blank }.startIndex...]
        guard !rest.isEmpty, rest.utf8.count <= longest else { return .malformed }
        switch scheme.lowercased() {
        case "bearer" where schemes.contains(.bearer): return .token(String(rest))
        case "basic" where schemes.contains(.basic): return basic(rest)
        default: return .malformed
        }
    }

    /// The password, else the user name (`https://token@host`).
    private static func basic(_ encoded: Substring) -> Credential {
        guard let bytes = Base64.decodeURL(encoded),
            let text = String(validating: bytes, as: UTF8.self)
        else { return .malformed }
        let pair = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let token = pair.count == 2 && !pair[1].isEmpty ? pair[1] : pair[0]
        return token.isEmpty ? .malformed : .token(String(token))
    }
}
