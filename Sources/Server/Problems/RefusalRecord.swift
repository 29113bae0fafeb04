public import Events

/// A refused request, for the event log.
///
/// `path`, `query` and `body` are unverified input and may contain a credential in the wrong place.
/// Use only the documented members of them; never store them whole.
public struct RefusalRecord: Sendable {
    public let at: Timestamp
    public let status: Int
    /// The problem document's members.
    public let reason: String
    public let detail: String
    public let field: String?
    public let method: String
    /// The route's pattern; nil if no route was found.
    public let route: String?
    /// The requested path, at most 256 bytes. Empty if a route was found, since a hook's path may
    /// contain a token.
    public let path: String
    public let query: String?
    /// The values of the pattern's names.
    public let parameters: [String: String]
    /// The id of the presented token or certificate, if known.
    public let credential: String?
    public let peer: String
    /// The beginning of the body, as far as it was read; at most 64 KiB.
    public let body: [UInt8]
    /// The number of refusals, of any peer, that were suppressed since the last report.
    public let suppressed: Int
}
