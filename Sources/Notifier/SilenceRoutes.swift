import Digests
import Events
import Hummingbird
import JSON
import NIOCore
public import Server
public import Store

/// `/v1/silences`: lists silences (scope `read`), adds and ends them (scope `admin`).
public enum SilenceRoutes {
    /// The longest duration of a silence.
    public static let longest = Duration.seconds(90 * 86_400)

    public static func routes(_ store: Store, wall: WallClock = .system) -> [Route] {
        [
            Route(.get, "/v1/silences", access: .requires(.read)) { exchange in
                let items = try exchange.queryItems()
                guard items.allSatisfy({ $0 == ("all", "true") }) else {
                    throw Problem.malformed(
                        "query_unknown", "the query takes all=true", field: items[0].name)
                }
                let place = try exchange.beginQuery(memory: 4 << 20)
                defer { place.end() }
                let now = wall.now
                let entries = try await store.read { db in
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
                let now = wall.now
                let order = try SilenceOrder(
                    Array(body.readableBytesView), by: exchange.identity?.name ?? "", at: now)
                let id: String
                do {
                    id = try await store.write { db in
                        try SilenceBook.add(
                            db, matchers: order.matchers, until: order.until, who: order.who,
                            why: order.why, at: now)
                    }
                } catch let full as SilenceBook.Full {
                    throw Problem(.conflict, "silences_full", full.description)
                }
                var json = JSONWriter()
                json.object { json in
                    json.member("id", id)
                    json.member("until", order.until.rfc3339)
                }
                return .bytes(json.bytes, headers: [.cacheControl: "no-store"])
            },
            Route(.post, "/v1/silences/{id}/expire", access: .requires(.admin)) {
                exchange in
                let id = exchange.parameters["id"] ?? ""
                let now = wall.now
                guard try await store.write({ db in try SilenceBook.expire(db, id: id, at: now) })
                else {
                    throw Problem(
                        .notFound, "silence_unknown", "no silence of this id is in force",
                        field: "id")
                }
                return .bytes(Array("{}".utf8), headers: [.cacheControl: "no-store"])
            },
        ]
    }
}

/// The body of `POST /v1/silences`.
private struct SilenceOrder {
    let matchers: [Matcher]
    let until: Timestamp
    let who: String
    let why: String

    init(_ body: [UInt8], by caller: String, at now: Timestamp) throws(Problem) {
        guard let tree = try? JSONValue(parsing: body, limits: .event),
            case .object(let members) = tree
        else {
            throw Problem.malformed("body_malformed", "the body is one JSON object", field: "body")
        }
        let known = ["matchers", "until", "who", "why"]
        for member in members where !known.contains(member.key) {
            throw Problem.malformed(
                "field_unknown", "known are \(known.joined(separator: ", "))", field: member.key)
        }
        var matchers: [Matcher] = []
        guard case .array(let texts)? = tree["matchers"], (1...20).contains(texts.count) else {
            throw Problem.malformed(
                "matchers_malformed", "1 to 20 texts such as rollout=payments-api",
                field: "matchers")
        }
        for text in texts {
            guard let matcher = Matcher(text.string ?? "") else {
                throw Problem.malformed(
                    "matchers_malformed", "a matcher is field=value, field!=value or field~value",
                    field: "matchers")
            }
            matchers.append(matcher)
        }
        guard let until = tree["until"]?.string.flatMap({ Timestamp(rfc3339: $0) }), until > now,
            until - now <= SilenceRoutes.longest
        else {
            throw Problem.malformed(
                "until_malformed", "RFC 3339, later than now, within 90 days", field: "until")
        }
        self.matchers = matchers
        self.until = until
        let who = tree["who"]?.string ?? ""
        self.who = who.isEmpty ? caller : String(who.prefix(200))
        why = String((tree["why"]?.string ?? "").prefix(400))
    }
}
