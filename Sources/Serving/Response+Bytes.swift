public import HTTPTypes
public import Hummingbird
public import NIOCore

extension HTTPField.Name {
    /// W3C Server Timing.
    public static let serverTiming = constant("Server-Timing")
    /// When the measurement behind an answer was made.
    public static let measuredAt = constant("Bellwether-Measured-At")
    /// draft-ietf-httpapi-ratelimit-headers.
    public static let rateLimit = constant("RateLimit")
    public static let rateLimitPolicy = constant("RateLimit-Policy")

    /// A `Host` that is not the request's authority: a second one, or one beside `:authority`.
    static let hostField = constant("Host")

    private static func constant(_ name: StaticString) -> HTTPField.Name {
        guard let name = HTTPField.Name("\(name)") else {
            preconditionFailure("not a field name: \(name)")
        }
        return name
    }
}

extension Response {
    /// Bytes that are ready, sent in one write with their length.
    ///
    /// `buffer` is shared, never copied: keep one and answer it often. `etag` is
    /// written as it stands, quotes included.
    public static func bytes(
        _ buffer: ByteBuffer, status: HTTPResponse.Status = .ok,
        contentType: String = "application/json", etag: String? = nil,
        serverTiming: String? = nil, headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = contentType
        if let etag { headers[.eTag] = etag }
        if let serverTiming { headers[.serverTiming] = serverTiming }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: buffer))
    }

    public static func bytes(
        _ bytes: [UInt8], status: HTTPResponse.Status = .ok,
        contentType: String = "application/json", etag: String? = nil,
        serverTiming: String? = nil, headers: HTTPFields = [:]
    ) -> Response {
        .bytes(
            ByteBuffer(bytes: bytes), status: status, contentType: contentType, etag: etag,
            serverTiming: serverTiming, headers: headers)
    }
}
