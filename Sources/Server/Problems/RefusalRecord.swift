public import Events

/// A request that was refused, for the event log.
///
/// `path`, `query` and `body` are what a stranger sent. They may hold a
/// credential in the wrong place: pick the documented members, never keep them whole.
public struct RefusalRecord: Sendable {
    public let at: Timestamp
    public let status: Int
    /// The problem document's members.
    public let reason: String
    public let detail: String
    public let field: String?
    public let method: String
    /// The route's pattern; nil when none was found.
    public let route: String?
    /// The path as asked for, at most 256 bytes; empty where a route was found,
    /// since a hook's path may carry a token.
    public let path: String
    public let query: String?
    /// What the route's pattern stood for.
    public let parameters: [String: String]
    /// The id of the token or certificate that was shown, when it is one of ours.
    public let credential: String?
    public let peer: String
    /// The body's beginning, as far as it was read; at most 64 KiB.
    public let body: [UInt8]
    /// Refusals, of any peer, that were not told since the last one that was.
    public let suppressed: Int

    /// Whether it was about who asks (401, 403), not about what.
    public var isAboutCredential: Bool { status == 401 || status == 403 }
}
