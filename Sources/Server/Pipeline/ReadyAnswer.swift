public import HTTPTypes
public import NIOCore

/// A request that a route may be able to answer from memory.
public struct ReadyQuestion: Sendable {
    public let head: HTTPRequest
    /// The complete body.
    public let body: ByteBuffer
    /// The values of the pattern's names, percent-decoded.
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

/// An answer with status 200 that is already composed.
public struct ReadyAnswer: Sendable {
    public let body: ByteBuffer
    /// The answer's headers, without `Date` and `Content-Length`.
    public let headers: HTTPFields

    public init(body: ByteBuffer, headers: HTTPFields) {
        self.body = body
        self.headers = headers
    }
}
