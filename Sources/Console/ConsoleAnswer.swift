import Events
import HTTPTypes
import HummingbirdCore
import NIOCore
import Server

/// Answers for browsers, with headers that isolate the pages from other sites.
enum ConsoleAnswer {
    /// Allows only this node's own style sheet, script, requests, images, frames and forms.
    /// Forbids framing by any page.
    private static let policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        + "frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

    /// For a digest's HTML: allows only its inline style, in a sandbox with an opaque origin.
    private static let sandbox =
        "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"

    static var headers: HTTPFields {
        var headers: HTTPFields = [
            .cacheControl: "no-store", .contentSecurityPolicy: policy,
            .xContentTypeOptions: "nosniff",
        ]
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "no-referrer" }
        if let name = HTTPField.Name("Cross-Origin-Opener-Policy") {
            headers[name] = "same-origin"
        }
        if let name = HTTPField.Name("Cross-Origin-Resource-Policy") {
            headers[name] = "same-origin"
        }
        return headers
    }

    static func page(_ html: HTML, cookie: String? = nil) -> Response {
        var headers = headers
        if let cookie { headers[.setCookie] = cookie }
        return .bytes(html.bytes, contentType: "text/html; charset=utf-8", headers: headers)
    }

    /// Redirects after a form, so that a reload does not send the form again.
    ///
    /// - Parameter path: A path that `OwnPath` checked.
    static func go(to path: String = "/", cookie: String? = nil) -> Response {
        var headers = headers
        headers[.location] = path
        if let cookie { headers[.setCookie] = cookie }
        return .bytes([], status: .seeOther, contentType: "text/plain", headers: headers)
    }

    static func sandboxed(_ document: String) -> Response {
        var headers = headers
        headers[.contentSecurityPolicy] = sandbox
        return .bytes(
            Array(document.utf8), contentType: "text/html; charset=utf-8", headers: headers)
    }

    /// Returns the route of a static file, which needs no credential.
    static func asset(_ path: String, _ type: String, _ text: StaticString) -> Route {
        let bytes = ByteBuffer(staticString: text)
        let etag = "\"\(ContentHash.hex(Array(bytes.readableBytesView)).prefix(16))\""
        return Route(.get, path, access: .open) { exchange in
            var headers = headers
            headers[.cacheControl] = "no-cache"
            if exchange.head.headerFields[.ifNoneMatch] == etag {
                headers[.eTag] = etag
                return Response(status: .notModified, headers: headers)
            }
            return .bytes(bytes, contentType: type, etag: etag, headers: headers)
        }
    }
}
