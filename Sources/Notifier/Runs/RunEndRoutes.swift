import Events
import HTTPTypes
import JSON
public import Server

/// `GET /v1/run-ends`: the runs that have ended lately, for gateways.
///
/// Answers from memory. `after` names an earlier answer by its `next`; without it, every end of
/// the last 15 minutes is listed. The scope is that of the gateways' forwarding: `ingest`. The
/// request of a gateway names it, which `GatewayBook` notes.
public enum RunEndRoutes {
    public static func routes(_ book: RunEndBook, gateways: GatewayBook) -> [Route] {
        [
            Route(.get, "/v1/run-ends", access: .requires(.ingest), tier: .sender) { exchange in
                gateways.note(exchange)
                var after = ""
                for item in try exchange.queryItems() {
                    guard item.name == "after", item.value.utf8.count <= 64 else {
                        throw Problem.malformed(
                            "query_unknown", "the query takes after, the `next` of an answer",
                            field: "query")
                    }
                    after = item.value
                }
                let answer = book.ends(after: after)
                var json = JSONWriter(capacity: 128)
                json.object { json in
                    json.member("next", answer.next)
                    json.member(array: "ends") { json in
                        for end in answer.ends {
                            json.object { json in
                                json.member("namespace", end.namespace)
                                json.member("rollout", end.rollout)
                                json.member("revision", end.revision)
                                json.member("event", end.cause)
                                json.member("at", end.at.rfc3339)
                            }
                        }
                    }
                }
                return .bytes(json.bytes)
            }
        ]
    }
}
