public import HTTPTypes
public import HummingbirdCore
public import NIOCore

extension HTTPField.Name {
    /// W3C Server Timing.
    public static let serverTiming = constant("Server-Timing")
    /// When the measurement that the answer contains was made.
    public static let measuredAt = constant("Bellwether-Measured-At")
    /// draft-ietf-httpapi-ratelimit-headers.
    public static let rateLimit = constant("RateLimit")
    public static let rateLimitPolicy = constant("RateLimit-Policy")

    /// A `Host` field besides the request's authority: a second one, or one beside `:authority`.
    static let hostField = constant("Host")

    private static func constant(_ name: StaticString) -> HTTPField.Name {
        guard let name = HTTPField.Name("\(name)") else {
            preconditionFailure("not a field name: \(name)")
        }
        return name
    }
}

extension Response {
    /// An answer of complete bytes, with `Content-Length`. A long one is written piece by piece as
    /// the client reads.
    ///
    /// `buffer` is shared, not copied, so the same buffer can be used for many answers. `etag` is
    /// written unchanged, including its quotes.
    public static func bytes(
        _ buffer: ByteBuffer, status: HTTPResponse.Status = .ok,
        contentType: String = "application/json", etag: String? = nil,
        serverTiming: String? = nil, headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = contentType
        if let etag { headers[.eTag] = etag }
        if let serverTiming { headers[.serverTiming] = serverTiming }
        return Response(status: status, headers: headers, body: .pieces(of: buffer))
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

extension ResponseBody {
    private static let piece = 32 << 10

    /// Writes a body that is longer than a connection's buffers in pieces as they drain. Encoding
    /// and encryption copy what is written, and hold the copies until the client reads.
    fileprivate static func pieces(of buffer: ByteBuffer) -> ResponseBody {
        guard buffer.readableBytes > Admission.shortAnswer else {
            return ResponseBody(byteBuffer: buffer)
        }
        return ResponseBody(contentLength: buffer.readableBytes) { writer in
            var rest = buffer
            while let piece = rest.readSlice(length: min(Self.piece, rest.readableBytes)),
                piece.readableBytes > 0
            {
                // A copy: an unread slice would keep the whole answer in memory.
                try await writer.write(ByteBuffer(bytes: piece.readableBytesView))
            }
            try await writer.finish(nil)
        }
    }
}
