import Events
import HTTPTypes
import Hummingbird
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

    /// Redirects to `/` after a form, so that a reload does not send the form again.
    static func goHome(cookie: String? = nil) -> Response {
        var headers = headers
        headers[.location] = "/"
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

/// The fields of a submitted form.
struct ConsoleForm {
    static let mediaType = "application/x-www-form-urlencoded"

    private let text: String

    init(_ text: String) { self.text = text }

    /// The field's value, empty when there is none. It is not percent-decoded: tokens and seals
    /// contain no characters that forms encode.
    subscript(name: String) -> String {
        for pair in text.split(separator: "&") where pair.hasPrefix(name + "=") {
            return String(pair.dropFirst(name.utf8.count + 1))
        }
        return ""
    }

    static func checkOrigin(_ exchange: Exchange) throws(Problem) {
        guard SessionCookie.isSameOrigin(exchange.head) else {
            throw Problem(
                .forbidden, "origin_foreign",
                "this form is accepted from this node's own pages only",
                field: "Origin")
        }
    }
}
