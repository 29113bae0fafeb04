import Delivery
import Events
import HTTPTypes
import HummingbirdCore
import JSON
public import Server
import State

/// `/v1/outbox`: lists deliveries (scope `read`), retries and drops them (scope `admin`).
///
/// `POST /v1/outbox/drop` drops all that its query selects.
public enum DeliveryRoutes {
    /// - Parameter wake: Called after a delivery was made due.
    public static func routes(
        _ decisions: DecisionLog, wall: WallClock = .system, wake: @escaping @Sendable () -> Void
    ) -> [Route] {
        [
            Route(.get, "/v1/outbox", access: .requires(.read)) { exchange in
                let wanted = try DeliverySelection(
                    exchange.queryItems(), takes: ["state", "limit"])
                let place = try exchange.beginQuery(memory: 4 << 20)
                defer { place.end() }
                let entries = try await decisions.store.read { db in
                    try Outbox.list(db, states: wanted.states, limit: wanted.limit)
                }
                return .bytes(
                    OutboxDocument.list(entries), headers: [.cacheControl: "no-store"])
            },
            Route(.post, "/v1/outbox/retry-dead", access: .requires(.admin)) { _ in
                let now = wall.now
                let count = try await decisions.retryDead(at: now)
                wake()
                return answer(count)
            },
            Route(.post, "/v1/outbox/drop", access: .requires(.admin)) { exchange in
                let wanted = try DeliverySelection(
                    exchange.queryItems(), takes: ["state", "receiver"])
                guard wanted.isNarrowed else {
                    throw Problem.malformed(
                        "query_missing", "give state, receiver or both", field: "query")
                }
                let now = wall.now
                return answer(
                    try await decisions.dropAll(
                        wanted.states, receiver: wanted.receiver, at: now))
            },
            Route(.post, "/v1/outbox/{id}/retry", access: .requires(.admin)) { exchange in
                let id = try number(exchange)
                let now = wall.now
                guard try await decisions.retry(id, at: now) else { throw unknown }
                wake()
                return answer(1)
            },
            Route(.post, "/v1/outbox/{id}/drop", access: .requires(.admin)) { exchange in
                let id = try number(exchange)
                let now = wall.now
                guard try await decisions.drop(id, at: now) else { throw unknown }
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

/// The deliveries that a query selects.
private struct DeliverySelection {
    var states = Set(DeliveryState.allCases)
    var receiver: String?
    var limit = 1000
    /// Whether the query excludes any delivery.
    var isNarrowed: Bool { states.count < DeliveryState.allCases.count || receiver != nil }

    init(_ items: [(name: String, value: String)], takes names: [String]) throws(Problem) {
        for item in items {
            switch item.name {
            case _ where !names.contains(item.name): throw Self.unknown(item.name, names)
            case "state":
                guard let state = DeliveryState(rawValue: item.value) else {
                    throw Self.unknown(item.name, names)
                }
                states = [state]
            case "limit":
                guard let number = Int(item.value), (1...1000).contains(number) else {
                    throw Self.unknown(item.name, names)
                }
                limit = number
            default: receiver = item.value
            }
        }
    }

    private static func unknown(_ name: String, _ names: [String]) -> Problem {
        let known = DeliveryState.allCases.map(\.rawValue).joined(separator: ", ")
        return Problem.malformed(
            "query_unknown",
            "the query takes \(names.joined(separator: " and ")); a state is one of \(known), a limit is 1 to 1000",
            field: name)
    }
}
