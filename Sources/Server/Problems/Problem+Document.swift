import HTTPTypes
import HummingbirdCore
import JSON
import NIOCore

extension Problem {
    static let mediaType = "application/problem+json"

    /// The document of RFC 9457 §3. `type` is `about:blank`, so `title` is the status's own phrase
    /// (§4.2.1); `reason` and `field` are extension members.
    var document: [UInt8] {
        var json = JSONWriter(capacity: 256)
        json.object { json in
            json.member("type", "about:blank")
            json.member("title", status.reasonPhrase)
            json.member("status", status.code)
            json.member("detail", detail)
            if let field { json.member("field", field) }
            json.member("reason", reason)
            for member in extensions { json.member(member.key, member.value) }
        }
        return json.bytes
    }

    /// The answer, without the headers that depend on the connection.
    var response: Response {
        var headers = headers
        headers[.contentType] = page == nil ? Self.mediaType : "text/html; charset=utf-8"
        headers[.cacheControl] = "no-store"
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: page ?? document)))
    }

    /// The problem for an error thrown by a route or by the server.
    init(_ error: any Error) {
        if let problem = error as? Problem {
            self = problem
            return
        }
        // Internal faults are logged, but not shown to the caller.
        self.init(
            .internalServerError, "internal_error",
            "the request could not be served because of a fault on this side")
    }
}
