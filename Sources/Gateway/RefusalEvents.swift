import Analysis
public import Events
import JSON
public import Server

extension RefusalRecord {
    /// The routes that only programs use: those that measure, those that send events, and the one
    /// that gateways poll.
    private static let services = [
        "/rollouts/analysis", "/rollouts/flagger", "/v1/hooks/", "/v1/logs", "/v1/run-ends",
    ]

    /// Whether a program was refused, and not a person's own request.
    fileprivate var isOfService: Bool {
        // Without a route, the host's name or the method was wrong.
        let place = route ?? path
        if place == "/v1/events" { return method == "POST" }
        // A concern that does not exist has a route; any other unknown path may be anybody's.
        if route == nil, status == 404 { return false }
        return Self.services.contains { place.hasPrefix($0) }
    }
}

extension Event {
    /// Creates the event of a refused request: peer, credential id, rollout and reason.
    ///
    /// The rollout is included as far as the request can be read. The credential itself is not.
    public init(refusal: RefusalRecord, node: String, az: String) {
        var readable = ReadableRequest()
        if refusal.route?.hasPrefix("/rollouts/analysis") == true {
            if refusal.method == "GET" {
                do { readable = try MeasurementRequest(query: refusal.query ?? "").readable } catch
                {
                    readable = error.readable
                }
            } else {
                readable = MeasurementRequest.readable(prefix: refusal.body)
            }
        }
        let name =
            switch refusal.status {
            case 401, 403: EventName.authRefused
            case 429: EventName.rateLimited
            default: EventName.requestRefused
            }
        var extra: [JSONValue.Member] = [
            .init("code", .number(String(refusal.status))),
            .init("reason", .string(refusal.reason)),
            .init("peer", .string(refusal.peer)),
        ]
        if let route = refusal.route { extra.append(.init("route", .string(route))) }
        if let field = refusal.field { extra.append(.init("field", .string(field))) }
        if let credential = refusal.credential {
            extra.append(.init("token", .string(credential)))
        }
        // Nobody is paged for people's own requests: a wrong path, a page that the credential does
        // not open, a stale link.
        let isService = refusal.isOfService
        if !isService { extra.append(.init("client", .string("person"))) }
        if refusal.suppressed > 0 {
            extra.append(.init("suppressed", .number(String(refusal.suppressed))))
        }
        self.init(
            ts: refusal.at, level: isService ? .warn : .info, event: name, node: node, az: az,
            namespace: readable.namespace, rollout: readable.rollout, revision: readable.revision,
            concern: refusal.parameters["concern"], attempt: readable.attempt,
            message: "\(refusal.status) \(refusal.reason): \(refusal.detail)", extra: extra)
    }

    /// Creates the event of failed TLS handshakes: reason, peer and count.
    public init(handshake: HandshakeRecord, node: String, az: String) {
        let whose =
            switch handshake.reason {
            case "certificate_expired": "this node's certificate has expired"
            case "client_certificate_refused":
                "the caller's certificate is not signed by an authority of listen.tls.client_ca"
            default: "the caller does not trust this node's certificate"
            }
        let times = handshake.count == 1 ? "1 handshake" : "\(handshake.count) handshakes"
        self.init(
            ts: handshake.at, level: .warn, event: EventName.tlsRefused, node: node, az: az,
            message: "\(times) failed: \(whose) (\(handshake.reason)); last from \(handshake.peer)",
            extra: [
                .init("reason", .string(handshake.reason)),
                .init("code", .string(handshake.detail)),
                .init("peer", .string(handshake.peer)),
                .init("failures", .number(String(handshake.count))),
            ])
    }
}
