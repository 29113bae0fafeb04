public import HTTPTypes
public import Hummingbird
public import NIOCore

/// One request under way, as a route sees it.
public struct Exchange: Sendable {
    public let head: HTTPRequest
    /// The target's path without empty segments and the query, percent-encoding and all.
    public let path: String
    /// The target's query without `?`; nil when there is none.
    public let query: String?
    /// The route's pattern, such as `/rollouts/analysis/{concern}`.
    public let route: String
    /// What the pattern's names stand for, percent-decoded.
    public let parameters: [String: String]
    public let connection: ConnectionFacts
    /// When the header was complete.
    public let started: ContinuousClock.Instant
    /// Who asks; nil on an open route and, on an optional one, for a stranger.
    public internal(set) var identity: Identity?

    let body: IncomingBody
    let limit: Int
    let inflates: Bool
    let authenticator: Authenticator
    let tier: MemoryBudget.Tier
    let admission: Admission
    let holdings: Holdings

    /// The caller's address without port.
    public var peer: String { connection.peer }

    /// The query's names and values in order, decoded as form data is (`+` is a blank).
    ///
    /// - Throws: 400 for broken percent-encoding or bytes that are not UTF-8.
    public func queryItems() throws(Problem) -> [(name: String, value: String)] {
        guard let query, !query.isEmpty else { return [] }
        var items: [(String, String)] = []
        for part in query.split(separator: "&") {
            let pair = part.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentCoding.decode(pair[0], plusIsBlank: true),
                let value = PercentCoding.decode(pair.count > 1 ? pair[1] : "", plusIsBlank: true)
            else {
                throw .malformed(
                    "query_malformed", "the query is not percent-encoded UTF-8", field: "query")
            }
            items.append((name, value))
        }
        return items
    }

    /// The body, whole, inflated where the route allows gzip. Once: a second
    /// call finds it empty.
    ///
    /// - Throws: 413 beyond `limit` (the route's bound when nil), before or
    ///   after inflating; 408 when it is not complete by the request's deadline;
    ///   400 when the transfer or the compression is broken; 415 for an encoding
    ///   that is not taken; 503 when the memory for requests is in use.
    public func collectBody(limit: Int? = nil) async throws(Problem) -> ByteBuffer {
        try await body.collect(
            head: head, limit: limit ?? self.limit, inflates: inflates, memory: memory)
    }

    /// The same as an array, in fewer copies.
    public func collectBytes(limit: Int? = nil) async throws(Problem) -> [UInt8] {
        try await body.collectBytes(
            head: head, limit: limit ?? self.limit, inflates: inflates, memory: memory)
    }

    private var memory: BodyMemory {
        BodyMemory(
            admission: admission,
            account: MemoryBudget.Account(tier: tier, identity: identity))
    }

    /// Whether the request's credential is still valid; false without one. Streams check it
    /// between two parts. Does not suspend.
    public var stillHolds: @Sendable () -> Bool {
        { [authenticator, head, connection, identity] in
            identity.map { authenticator.stillHolds($0, head, connection) } ?? false
        }
    }

    /// Verifies a credential from the path or the body, for hooks that cannot send headers.
    ///
    /// - Throws: 401 or 403, as `RequestPipeline` does.
    public func authenticate(token: String, for scope: Scope) async throws(Problem) -> Identity {
        try await authenticator.authenticate(token: token, for: scope)
    }
}
