import Analysis
public import Events
import JSON
public import Server

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
        if refusal.suppressed > 0 {
            extra.append(.init("suppressed", .number(String(refusal.suppressed))))
        }
        self.init(
            ts: refusal.at, level: .warn, event: name, node: node, az: az,
            namespace: readable.namespace, rollout: readable.rollout, revision: readable.revision,
            concern: refusal.parameters["concern"], attempt: readable.attempt,
            message: "\(refusal.status) \(refusal.reason): \(refusal.detail)", extra: extra)
    }
}
