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
    /// Bytes that are ready, sent with their length: in one write, or, where there are many,
    /// piece by piece as the client reads them.
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

    /// What is longer than a connection's buffers is written as they empty: encoding and
    /// encryption copy what is written, and hold the copies until the client reads.
    fileprivate static func pieces(of buffer: ByteBuffer) -> ResponseBody {
        guard buffer.readableBytes > Admission.shortAnswer else {
            return ResponseBody(byteBuffer: buffer)
        }
        return ResponseBody(contentLength: buffer.readableBytes) { writer in
            var rest = buffer
            while let piece = rest.readSlice(length: min(Self.piece, rest.readableBytes)),
                piece.readableBytes > 0
            {
                // A slice would keep the whole answer for as long as it is not read.
                try await writer.write(ByteBuffer(bytes: piece.readableBytesView))
            }
            try await writer.finish(nil)
        }
    }
}
