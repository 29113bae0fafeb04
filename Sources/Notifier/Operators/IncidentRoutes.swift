import Digests
import Events
import HTTPTypes
import HummingbirdCore
import JSON
import NIOCore
public import Server

/// `/v1/incidents`: lists the open incidents (scope `read`), acknowledges one (scope `admin`).
public enum IncidentRoutes {
    /// Most incidents of an answer; further ones are counted.
    private static let listed = 1000

    public static func routes(_ actions: OperatorActions, digests: DigestService) -> [Route] {
        [
            Route(.get, "/v1/incidents", access: .requires(.read)) { exchange in
                guard try exchange.queryItems().isEmpty else {
                    throw Problem.malformed(
                        "query_unknown", "the query takes nothing", field: "query")
                }
                let place = try exchange.beginQuery(memory: 4 << 20)
                defer { place.end() }
                let incidents = digests.openIncidents
                var json = JSONWriter(capacity: 1024)
                json.object { json in
                    json.member(array: "incidents") { json in
                        for incident in incidents.prefix(listed) { json.value(incident) }
                    }
                    json.member("total", incidents.count)
                }
                return .bytes(json.bytes, headers: [.cacheControl: "no-store"])
            },
            Route(
                .post, "/v1/incidents/{id}/acknowledge", access: .requires(.admin),
                media: ["application/json"], bodyLimit: 16 * 1024
            ) { exchange in
                let body = try await exchange.collectBody()
                let caller = exchange.identity?.name ?? ""
                let order = try AcknowledgementOrder(
                    Array(body.readableBytesView), at: actions.now)
                let incident = try await actions.acknowledge(
                    exchange.parameters["id"] ?? "", until: order.until, who: order.who,
                    why: order.why, by: caller)
                var json = JSONWriter()
                json.value(incident)
                return .bytes(json.bytes, headers: [.cacheControl: "no-store"])
            },
        ]
    }
}

/// The body of `POST /v1/incidents/{id}/acknowledge`.
struct AcknowledgementOrder {
    /// Nil ends the acknowledgement.
    let until: Timestamp?
    let who: String
    let why: String

    init(_ body: [UInt8], at now: Timestamp) throws(Problem) {
        guard let tree = try? JSONValue(parsing: body, limits: .event),
            case .object(let members) = tree
        else {
            throw Problem.malformed("body_malformed", "the body is one JSON object", field: "body")
        }
        let known = ["until", "who", "why"]
        for member in members where !known.contains(member.key) {
            throw Problem.malformed(
                "field_unknown", "known are \(known.joined(separator: ", "))", field: member.key)
        }
        switch tree["until"] {
        case .null?: until = nil
        case let value:
            let moment = value?.string.flatMap { Timestamp(rfc3339: $0) }
            guard let moment, moment > now, moment - now <= OperatorActions.longestLook else {
                throw Problem.malformed(
                    "until_malformed",
                    "RFC 3339, later than now, within 7 days; null ends an acknowledgement",
                    field: "until")
            }
            until = moment
        }
        who = tree["who"]?.string ?? ""
        why = tree["why"]?.string ?? ""
    }
}

extension JSONWriter {
    /// An open incident, as `/v1/incidents` and `/v1/status` show it.
    public mutating func value(_ incident: OpenIncident) {
        object { w in
            w.member("id", incident.id)
            w.member(object: "group") { w in
                for field in incident.group.fields { w.member(field.name, field.value) }
            }
            w.member("status", incident.worst?.rawValue)
            w.member("since", incident.since.rfc3339)
            w.member("messages", incident.messages)
            w.member("silenced_until", incident.silencedUntil?.rfc3339)
            if let acknowledgement = incident.acknowledgement {
                w.member(object: "acknowledged") { w in
                    w.member("who", acknowledgement.who)
                    w.member("why", acknowledgement.why)
                    w.member("until", acknowledgement.until.rfc3339)
                }
            }
        }
    }
}
