public import Events

/// The stored properties of a token, without the token itself.
public struct TokenRecord: Sendable, Hashable {
    public let id: String
    public let name: String
    public let scopes: Set<Scope>
    public let created: Timestamp
    public let expires: Timestamp?
    /// When it is revoked. May be in the future, so that the old and the new token overlap.
    public let revoked: Timestamp?
    /// Why it ended, set once it is seen as ended. It then stays ended even if the clock is set
    /// back.
    public internal(set) var ended: TokenRefusal?

    /// Why the token is refused at `now`; nil if it is valid.
    public func refusal(at now: Timestamp) -> TokenRefusal? {
        if let ended { return ended }
        if let revoked, revoked <= now { return .revoked }
        if let expires, expires <= now { return .expired }
        return nil
    }
}

/// A new token, shown once and not stored.
public struct IssuedToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    public let record: TokenRecord
    /// The token: `bw_` and 43 characters of base64url that encode 256 random bits.
    public let text: String

    /// The id only, so that logging the value does not leak the token.
    public var description: String { "token \(record.id)" }
    public var debugDescription: String { description }
}

/// Why a presented token is refused.
public enum TokenRefusal: String, Sendable {
    case unknown
    case expired
    case revoked
}

/// The result of verifying a presented token.
public enum TokenVerdict: Sendable, Equatable {
    case accepted(Identity)
    /// `id` is nil for an unknown token.
    case refused(TokenRefusal, id: String?)
}
