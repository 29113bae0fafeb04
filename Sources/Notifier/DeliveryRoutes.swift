import Delivery
import Events
import Hummingbird
import JSON
public import Server
public import Store

/// `/v1/outbox`: lists deliveries (scope `read`), retries and drops them (scope `admin`).
public enum DeliveryRoutes {
    /// - Parameter wake: Called after a delivery was made due.
    public static func routes(
        _ store: Store, wall: WallClock = .system, wake: @escaping @Sendable () -> Void
    ) -> [Route] {
        [
            Route(.get, "/v1/outbox", access: .requires(.read)) { exchange in
                var states = Set(DeliveryState.allCases)
                for item in try exchange.queryItems() {
                    guard item.name == "state", let state = DeliveryState(rawValue: item.value)
                    else {
                        let known = DeliveryState.allCases.map(\.rawValue).joined(separator: ", ")
                        throw Problem.malformed(
                            "query_unknown", "the query takes state: \(known)", field: item.name)
                    }
                    states = [state]
                }
                let wanted = states
                let place = try exchange.beginQuery(memory: 4 << 20)
                defer { place.end() }
                let entries = try await store.read { db in try Outbox.list(db, states: wanted) }
                return .bytes(
                    OutboxDocument.list(entries), headers: [.cacheControl: "no-store"])
            },
            Route(.post, "/v1/outbox/retry-dead", access: .requires(.admin)) { _ in
                let now = wall.now
                let count = try await store.write { db in try Outbox.retryDead(db, at: now) }
                wake()
                return answer(count)
            },
            Route(.post, "/v1/outbox/{id}/retry", access: .requires(.admin)) { exchange in
                let id = try number(exchange)
                let now = wall.now
                guard try await store.write({ db in try Outbox.retry(db, id: id, at: now) })
                else { throw unknown }
                wake()
                return answer(1)
            },
            Route(.post, "/v1/outbox/{id}/drop", access: .requires(.admin)) { exchange in
                let id = try number(exchange)
                let now = wall.now
                guard try await store.write({ db in try Outbox.drop(db, id: id, at: now) })
                else { throw unknown }
                return answer(1)
            },
        ]
    }

    private static func number(_ exchange: Exchange) throws(Problem) -> Int64 {
        guard let id = exchange.parameters["id"].flatMap({ Int64($0) }) else { throw unknown }
        return id
    }

    private static var unknown: Problem {
        Problem(
            .notFound, "delivery_unknown", "no waiting or failed delivery has this id", field: "id")
    }

    private static func answer(_ count: Int) -> Response {
        var json = JSONWriter()
        json.object { $0.member("count", count) }
        return .bytes(json.bytes, headers: [.cacheControl: "no-store"])
    }
}
