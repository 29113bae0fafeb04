public import Events
import HTTPTypes
import HummingbirdCore
import JSON

/// `/v1/tokens`: lists, creates and revokes tokens (scope `admin`).
public enum TokenRoutes {
    public static func routes(_ tokens: TokenRegistry, wall: WallClock = .system) -> [Route] {
        [
            Route(.get, "/v1/tokens", access: .requires(.admin)) { exchange in
                let place = try exchange.beginQuery(memory: 1 << 20)
                defer { place.end() }
                return answer(TokenDocument.list(try await tokens.list(), at: wall.now))
            },
            Route(
                .post, "/v1/tokens", access: .requires(.admin), media: ["application/json"],
                bodyLimit: 4096
            ) { exchange in
                let order = try TokenOrder(try await exchange.collectBytes())
                do {
                    return answer(
                        TokenDocument.issued(
                            try await tokens.create(
                                name: order.name, scopes: order.scopes, expires: order.expires)))
                } catch let fault as ServerError {
                    throw Problem.malformed("token_malformed", "\(fault)", field: "body")
                }
            },
            Route(
                .post, "/v1/tokens/{id}/revoke", access: .requires(.admin)
            ) { exchange in
                let after = try seconds(after: exchange.queryItems())
                do {
                    return answer(
                        TokenDocument.one(
                            try await tokens.revoke(
                                exchange.parameters["id"] ?? "", after: after),
                            at: wall.now))
                } catch let fault as ServerError {
                    throw Problem(.notFound, "token_unknown", fault.fault, field: "id")
                }
            },
        ]
    }

    /// The longest span of a token's life or overlap: about a hundred years.
    static let longest: Int64 = 3_155_760_000

    private static func seconds(
        after items: [(name: String, value: String)]
    ) throws(Problem) -> Duration {
        var span = Duration.zero
        for item in items {
            guard item.name == "after", let number = Int64(item.value),
                (0...longest).contains(number)
            else {
                throw .malformed(
                    "query_unknown", "the query takes after, a number of seconds", field: item.name)
            }
            span = .seconds(number)
        }
        return span
    }

    private static func answer(_ document: [UInt8]) -> Response {
        .bytes(document, headers: [.cacheControl: "no-store"])
    }
}

/// The body of `POST /v1/tokens`.
private struct TokenOrder {
    let name: String
    let scopes: Set<Scope>
    let expires: Duration?

    init(_ body: [UInt8]) throws(Problem) {
        guard let tree = try? JSONValue(parsing: body, limits: .event),
            case .object(let members) = tree
        else {
            throw .malformed("body_malformed", "the body is one JSON object", field: "body")
        }
        let known = ["name", "scopes", "expires_in"]
        for member in members where !known.contains(member.key) {
            throw .malformed(
                "field_unknown", "known are \(known.joined(separator: ", "))", field: member.key)
        }
        var scopes: Set<Scope> = []
        guard case .array(let words)? = tree["scopes"] else { throw Self.scopes }
        for word in words {
            guard let scope = Scope(rawValue: word.string ?? "") else { throw Self.scopes }
            scopes.insert(scope)
        }
        var expires: Duration?
        if let value = tree["expires_in"], value != .null {
            guard let seconds = value.integer, (1...TokenRoutes.longest).contains(seconds) else {
                throw .malformed(
                    "expiry_malformed", "a number of seconds from 1 on",
                    field: "expires_in")
            }
            expires = .seconds(seconds)
        }
        (name, self.scopes, self.expires) = (tree["name"]?.string ?? "", scopes, expires)
    }

    private static let scopes = Problem.malformed(
        "scopes_malformed",
        "scopes is a list of \(Scope.allCases.map(\.rawValue).joined(separator: ", "))",
        field: "scopes")
}

/// Tokens as JSON, for `/v1/tokens` and the commands of `bellwether token`.
public enum TokenDocument {
    public static func list(_ records: [TokenRecord], at now: Timestamp) -> [UInt8] {
        var writer = JSONWriter()
        writer.array { w in for record in records { write(record, at: now, to: &w) } }
        return writer.bytes
    }

    public static func one(_ record: TokenRecord, at now: Timestamp) -> [UInt8] {
        var writer = JSONWriter()
        write(record, at: now, to: &writer)
        return writer.bytes
    }

    /// Contains the token itself.
    public static func issued(_ token: IssuedToken) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { w in
            w.member("id", token.record.id)
            w.member("name", token.record.name)
            w.member("scope", Scope.text(token.record.scopes))
            w.member("expires", token.record.expires?.rfc3339)
            w.member("token", token.text)
        }
        return writer.bytes
    }

    private static func write(
        _ record: TokenRecord, at now: Timestamp, to writer: inout JSONWriter
    ) {
        writer.object { w in
            w.member("id", record.id)
            w.member("name", record.name)
            w.member("scope", Scope.text(record.scopes))
            w.member("state", record.refusal(at: now)?.rawValue ?? "active")
            w.member("created", record.created.rfc3339)
            w.member("expires", record.expires?.rfc3339)
            w.member("revoked", record.revoked?.rfc3339)
        }
    }
}
