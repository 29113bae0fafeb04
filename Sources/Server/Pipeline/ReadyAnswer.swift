public import HTTPTypes
public import NIOCore

/// A request that a route may be able to answer from what is in memory.
public struct ReadyQuestion: Sendable {
    public let head: HTTPRequest
    /// Whole.
    public let body: ByteBuffer
    /// What the pattern's names stand for, percent-decoded.
    public let parameters: [String: String]
    public let identity: Identity

    public init(
        head: HTTPRequest, body: ByteBuffer, parameters: [String: String], identity: Identity
    ) {
        self.head = head
        self.body = body
        self.parameters = parameters
        self.identity = identity
    }
}

/// A 200 that is there already.
public struct ReadyAnswer: Sendable {
    public let body: ByteBuffer
    /// All but what every answer has: `Date`, `Content-Length`.
    public let headers: HTTPFields

    public init(body: ByteBuffer, headers: HTTPFields) {
        self.body = body
        self.headers = headers
    }
}
