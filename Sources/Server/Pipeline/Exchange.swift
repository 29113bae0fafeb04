import Core

public import HTTPTypes
public import NIOCore

/// A request under way, as its route receives it.
public struct Exchange: Sendable {
    public let head: HTTPRequest
    /// The target's path without empty segments and query, still percent-encoded.
    public let path: String
    /// The target's query without `?`; nil if there is none.
    public let query: String?
    /// The route's pattern, such as `/rollouts/analysis/{concern}`.
    public let route: String
    /// The values of the pattern's names, percent-decoded.
    public let parameters: [String: String]
    public let connection: ConnectionFacts
    /// When the header was complete.
    public let started: ContinuousClock.Instant
    /// The authenticated caller. Nil on an open route, and without a credential on an optional one.
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

    /// The query's names and values in order, decoded as form data (`+` is a space).
    ///
    /// - Throws: 400 for invalid percent-encoding or bytes that are not UTF-8.
    public func queryItems() throws(Problem) -> [(name: String, value: String)] {
        try Self.formItems(
            query ?? "",
            otherwise: .malformed(
                "query_malformed", "the query is not percent-encoded UTF-8", field: "query"))
    }

    /// Reads the body as `application/x-www-form-urlencoded`: names and values in order.
    ///
    /// - Throws: As `collectBody`; 400 for invalid percent-encoding or bytes that are not UTF-8.
    public func collectForm() async throws(Problem) -> [(name: String, value: String)] {
        let fault = Problem.malformed(
            "body_malformed", "the form is not percent-encoded UTF-8", field: "body")
        guard let text = String(validating: try await collectBytes(), as: UTF8.self) else {
            throw fault
        }
        return try Self.formItems(text, otherwise: fault)
    }

    private static func formItems(
        _ text: String, otherwise fault: Problem
    ) throws(Problem) -> [(name: String, value: String)] {
        var items: [(String, String)] = []
        for part in text.split(separator: "&") {
            let pair = part.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentCoding.decode(pair[0], plusIsBlank: true),
                let value = PercentCoding.decode(pair.count > 1 ? pair[1] : "", plusIsBlank: true)
            else { throw fault }
            items.append((name, value))
        }
        return items
    }

    /// Reads the whole body, inflated if the route allows gzip. A second call returns an empty
    /// body.
    ///
    /// - Throws: 413 beyond `limit` (if nil, the route's limit), before or after inflating; 408 if
    ///   the body is not complete by the request's deadline; 400 if the transfer or the compression
    ///   is invalid; 415 for an unsupported encoding; 503 if the memory for requests is used up.
    public func collectBody(limit: Int? = nil) async throws(Problem) -> ByteBuffer {
        try await body.collect(
            head: head, limit: limit ?? self.limit, inflates: inflates, memory: memory)
    }

    /// The same as an array, with fewer copies.
    public func collectBytes(limit: Int? = nil) async throws(Problem) -> [UInt8] {
        try await body.collectBytes(
            head: head, limit: limit ?? self.limit, inflates: inflates, memory: memory)
    }

    private var memory: BodyMemory {
        BodyMemory(
            admission: admission,
            account: MemoryBudget.Account(tier: tier, identity: identity))
    }

    /// Whether the request's credential is still valid; false without one. Streams check it between
    /// parts. Does not suspend.
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
