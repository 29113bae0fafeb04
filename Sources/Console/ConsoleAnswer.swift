import Events
import HTTPTypes
import Hummingbird
import NIOCore
import Serving

/// Answers for browsers, with the headers that keep a page to itself.
enum ConsoleAnswer {
    /// Nothing but this node's own style sheet, script, icon, frames and forms;
    /// in nobody's frame.
    private static let policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        + "frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

    /// A digest's own document: its inline style, nothing else, as if from nowhere.
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

    /// After a form: a reload of what follows must not send it again.
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

    /// A file that holds nothing about anybody.
    static func asset(_ path: String, _ type: String, _ text: StaticString) -> Serving.Route {
        let bytes = ByteBuffer(staticString: text)
        let etag = "\"\(ContentHash.hex(Array(bytes.readableBytesView)).prefix(16))\""
        return Serving.Route(.get, path, access: .open) { exchange in
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

/// A form's fields.
struct ConsoleForm {
    static let mediaType = "application/x-www-form-urlencoded"

    private let text: String

    init(_ text: String) { self.text = text }

    /// The field as sent, empty when there is none. Tokens and seals are of
    /// characters that forms do not encode.
    subscript(name: String) -> String {
        for pair in text.split(separator: "&") where pair.hasPrefix(name + "=") {
            return String(pair.dropFirst(name.utf8.count + 1))
        }
        return ""
    }

    static func checkOrigin(_ exchange: Exchange) throws(Problem) {
        guard SessionCookie.isSameOrigin(exchange.head) else {
            throw Problem(
                .forbidden, "origin_foreign", "this form is taken from this node's own page only",
                field: "Origin")
        }
    }
}
