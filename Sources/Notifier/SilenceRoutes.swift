import Digests
import Events
import HTTPTypes
import HummingbirdCore
import JSON
import NIOCore
public import Server
import State

/// `/v1/silences`: lists silences (scope `read`), adds and ends them (scope `admin`).
public enum SilenceRoutes {
    /// The longest duration of a silence.
    public static let longest = Duration.seconds(90 * 86_400)

    public static func routes(_ actions: OperatorActions) -> [Route] {
        [
            Route(.get, "/v1/silences", access: .requires(.read)) { exchange in
                let items = try exchange.queryItems()
                guard items.allSatisfy({ $0 == ("all", "true") }) else {
                    throw Problem.malformed(
                        "query_unknown", "the query takes all=true", field: items[0].name)
                }
                let place = try exchange.beginQuery(memory: 4 << 20)
                defer { place.end() }
                let now = actions.now
                let entries = try await actions.decisions.store.read { db in
                    try SilenceBook.list(db, at: now, ended: !items.isEmpty)
                }
                return .bytes(
                    SilenceDocument.list(entries, at: now), headers: [.cacheControl: "no-store"])
            },
            Route(
                .post, "/v1/silences", access: .requires(.admin), media: ["application/json"],
                bodyLimit: 16 * 1024
            ) { exchange in
                let body = try await exchange.collectBody()
                let caller = exchange.identity?.name ?? ""
                let order = try SilenceOrder(
                    Array(body.readableBytesView), actions.fields, at: actions.now)
                let id = try await actions.silence(
                    order.filter, until: order.until, who: order.who, why: order.why, by: caller)
                var json = JSONWriter()
                json.object { json in
                    json.member("id", id)
                    json.member("until", order.until.rfc3339)
                }
                return .bytes(json.bytes, headers: [.cacheControl: "no-store"])
            },
            Route(.post, "/v1/silences/{id}/expire", access: .requires(.admin)) { exchange in
                try await actions.expire(
                    silence: exchange.parameters["id"] ?? "", by: exchange.identity?.name ?? "")
                return .bytes(Array("{}".utf8), headers: [.cacheControl: "no-store"])
            },
        ]
    }
}

/// The body of `POST /v1/silences`.
struct SilenceOrder {
    let filter: Filter
    let until: Timestamp
    let who: String
    let why: String

    init(_ body: [UInt8], _ fields: FilterFields, at now: Timestamp) throws(Problem) {
        guard let tree = try? JSONValue(parsing: body, limits: .event),
            case .object(let members) = tree
        else {
            throw Problem.malformed("body_malformed", "the body is one JSON object", field: "body")
        }
        let known = ["filter", "matchers", "until", "who", "why"]
        for member in members where !known.contains(member.key) {
            throw Problem.malformed(
                "field_unknown", "known are \(known.joined(separator: ", "))", field: member.key)
        }
        filter = try Self.filter(tree, fields)
        guard let until = tree["until"]?.string.flatMap({ Timestamp(rfc3339: $0) }), until > now,
            until - now <= SilenceRoutes.longest
        else {
            throw Problem.malformed(
                "until_malformed", "RFC 3339, later than now, within 90 days", field: "until")
        }
        self.until = until
        who = tree["who"]?.string ?? ""
        why = tree["why"]?.string ?? ""
    }

    /// Reads `filter`, one text, or `matchers`, texts that must all hold.
    private static func filter(
        _ tree: JSONValue, _ fields: FilterFields
    ) throws(Problem) -> Filter {
        let field = tree["filter"] == nil ? "matchers" : "filter"
        // A condition that was left out would make the silence cover more than was meant.
        var texts = tree["filter"].map { [$0.string] } ?? []
        switch tree["matchers"] {
        case .array(let some)?: texts += some.map(\.string)
        case nil: break
        default: texts.append(nil)
        }
        guard (1...20).contains(texts.count), !texts.contains(nil) else {
            throw Problem.malformed(
                "\(field)_malformed",
                "filter is a text such as rollout=payments-api, matchers 1 to 20 of them",
                field: field)
        }
        var conditions: [Filter] = []
        let filter: Filter
        do throws(FilterFault) {
            for text in texts.compactMap(\.self) {
                conditions.append(try Filter(entry: text, fields))
            }
            filter = try Filter(all: conditions, fields)
        } catch {
            throw Problem.malformed("\(field)_malformed", error.description, field: field)
        }
        guard conditions.allSatisfy({ !$0.isAll }) else {
            throw Problem.malformed(
                "\(field)_malformed",
                "an empty condition is a silence of everything: name a field, such as namespace=dev",
                field: field)
        }
        return filter
    }
}
