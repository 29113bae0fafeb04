public import HTTPTypes

/// A question that a route may be able to answer from what is in memory.
///
/// The pointers are good only during the call.
public struct ReadyQuestion {
    public let body: UnsafeRawBufferPointer
    /// nil when the request names none.
    public let contentType: UnsafeRawBufferPointer?
    public let parameters: [String: String]
    public let identity: Identity

    public init(
        body: UnsafeRawBufferPointer, contentType: UnsafeRawBufferPointer?,
        parameters: [String: String], identity: Identity
    ) {
        self.body = body
        self.contentType = contentType
        self.parameters = parameters
        self.identity = identity
    }
}

/// A 200 that is there already: given at once, on the connection's own thread.
public struct ReadyAnswer: Sendable {
    /// Header fields as they go over the wire, made once for an answer that is
    /// given often.
    public struct Fields: Sendable {
        let lines: [UInt8]

        /// - Parameter headers: All but `Date`, `Content-Length` and the rate's.
        public init(_ headers: HTTPFields) {
            var lines: [UInt8] = []
            lines.reserveCapacity(256)
            for field in headers {
                lines += field.name.rawName.utf8
                lines += ": ".utf8
                lines += field.value.utf8
                lines += "\r\n".utf8
            }
            self.lines = lines
        }
    }

    public let body: [UInt8]
    let fields: Fields
    let rate: RateLimiter.Verdict?

    /// - Parameter rate: What the caller may still ask, told in its own fields.
    public init(body: [UInt8], fields: Fields, rate: RateLimiter.Verdict? = nil) {
        self.body = body
        self.fields = fields
        self.rate = rate
    }
}
