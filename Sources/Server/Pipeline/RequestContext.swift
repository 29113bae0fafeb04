import HTTPTypes
import HummingbirdCore

/// The state of a request in the pipeline, from which a refusal is reported.
struct RequestContext: Sendable {
    let head: HTTPRequest
    /// The path without empty segments (`meant`) and query, still percent-encoded.
    let path: String
    let query: String?
    let connection: ConnectionFacts
    let started: ContinuousClock.Instant
    let body: IncomingBody
    /// The values of `Expect` in lower case.
    private let expectations: [String]
    /// Released once the answer is written.
    let holdings = Holdings()
    var route: Route?
    var parameters: [String: String] = [:]
    var identity: Identity?
    /// The id of a refused credential.
    var credential: String?

    /// - Parameter proceed: Sends `100 Continue`.
    init(
        _ head: HTTPRequest, _ body: RequestBody, _ connection: ConnectionFacts,
        proceed: @escaping @Sendable () -> Void
    ) {
        self.head = head
        started = .now
        self.connection = connection
        // An unknown expectation counts too: the client may then not send the body.
        expectations = Self.expectations(of: head)
        let isHeldBack =
            !expectations.isEmpty
            && Self.hasContent(head, isHTTP2: connection.isHTTP2)
        self.body = IncomingBody(body, proceed: isHeldBack ? proceed : nil)
        let target = head.path ?? ""
        if let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = Self.meant(target[..<mark])
            query = String(target[target.index(after: mark)...])
        } else {
            path = Self.meant(target[...])
            query = nil
        }
    }

    /// The path without empty segments: `//a//b/` becomes `/a/b`. Clients produce such paths if
    /// their base URL ends with a slash.
    static func meant(_ path: Substring) -> String {
        let slash = UInt8(ascii: "/")
        let bytes = path.utf8
        guard bytes.first == slash,
            bytes.count > 1 && bytes.last == slash
                || zip(bytes, bytes.dropFirst()).contains(where: { $0 == slash && $1 == slash })
        else { return String(path) }
        return "/" + path.split(separator: "/").joined(separator: "/")
    }

    mutating func take(_ finding: RouteTable.Finding) throws(Problem) -> Route {
        switch finding {
        case .found(let route, let parameters):
            self.route = route
            self.parameters = parameters
            return route
        case .wrongMethod(let path, let allowed):
            throw Problem(
                .methodNotAllowed, "method_not_allowed", "\(path) answers \(allowed)",
                field: "method", headers: [.allow: allowed])
        case .unknown:
            throw Problem(.notFound, "not_found", "there is nothing at this path", field: "path")
        }
    }
}

/// Handles `Expect` (RFC 9110 §10.1.1). HTTP/1.0 has no expectations: `RequestTarget` removes them.
extension RequestContext {
    /// - Throws: 417 for an expectation other than `100-continue`.
    func checkExpectation() throws(Problem) {
        guard expectations.allSatisfy({ $0 == "100-continue" }) else {
            throw Problem(
                .expectationFailed, "expectation_unsupported",
                "of expectations only 100-continue is served", field: "Expect")
        }
    }

    private static func expectations(of head: HTTPRequest) -> [String] {
        guard let value = head.headerFields[.expect] else { return [] }
        return value.lowercased().split { $0 == "," || $0 == " " || $0 == "\t" }.map(String.init)
    }

    /// Whether a body follows the header. On HTTP/2 a request without a length may have one.
    private static func hasContent(_ head: HTTPRequest, isHTTP2: Bool) -> Bool {
        if let length = head.headerFields[.contentLength] { return length != "0" }
        return isHTTP2 || head.headerFields[.transferEncoding] != nil
    }
}
