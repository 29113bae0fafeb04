public import Events

/// What is known of a token; never the token itself.
public struct TokenRecord: Sendable, Hashable {
    public let id: String
    public let name: String
    public let scopes: Set<Scope>
    public let created: Timestamp
    public let expires: Timestamp?
    /// From when on it is refused; may lie ahead, so that old and new overlap.
    public let revoked: Timestamp?
    /// Why it ended, once it was seen to have ended: it stays so whatever the clock says then.
    public internal(set) var ended: TokenRefusal?

    /// Why the token is refused at `now`; nil when it is good.
    public func refusal(at now: Timestamp) -> TokenRefusal? {
        if let ended { return ended }
        if let revoked, revoked <= now { return .revoked }
        if let expires, expires <= now { return .expired }
        return nil
    }
}

/// A new token, to be shown once and kept nowhere.
public struct IssuedToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    public let record: TokenRecord
    /// The token: `bw_` and 43 characters of base64url, 256 random bits.
    public let text: String

    /// Names the token, never shows it: a stray log line must not leak it.
    public var description: String { "token \(record.id)" }
    public var debugDescription: String { description }
}

/// Why a presented token is refused.
public enum TokenRefusal: String, Sendable {
    case unknown
    case expired
    case revoked
}

/// What a presented token turned out to be.
public enum TokenVerdict: Sendable, Equatable {
    case accepted(Identity)
    /// `id` is nil for a token that never was one.
    case refused(TokenRefusal, id: String?)
}
