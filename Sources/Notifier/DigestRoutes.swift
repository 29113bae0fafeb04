import Delivery
import Events
import HTTPTypes
import HummingbirdCore
import JSON
public import Rendering
public import Server
public import State

/// `GET /v1/digests`: the composed digests, newest first (scope `read`).
///
/// While `more` is true, `before=` with the last id returns the next page.
public enum DigestRoutes {
    public static func routes(_ store: Store) -> [Route] {
        [
            Route(.get, "/v1/digests", access: .requires(.read)) { exchange in
                let (limit, before) = try selection(exchange)
                let place = try exchange.beginQuery(memory: 4 * pageBytes)
                defer { place.end() }
                let page = try await store.read { db in
                    try DigestTable.page(db, before: before, limit: limit, maxBytes: pageBytes)
                }
                return .bytes(
                    DigestDocument.list(
                        page.digests.map(RenderedDigest.init), hasMore: page.hasMore),
                    headers: [.cacheControl: "no-store"])
            },
            Route(.get, "/v1/digests/{id}", access: .requires(.read)) { exchange in
                let id = exchange.parameters["id"] ?? ""
                guard let row = try await store.read({ db in try DigestTable.row(db, id: id) })
                else {
                    throw Problem(
                        .notFound, "digest_unknown", "there is no digest with this id", field: "id")
                }
                return .bytes(
                    DigestDocument.one(RenderedDigest(row)), headers: [.cacheControl: "no-store"])
            },
        ]
    }

    /// Bytes of digests in one answer, which ends with the digest that reaches them.
    private static let pageBytes = 1 << 20

    private static func selection(
        _ exchange: Exchange
    ) throws(Problem) -> (limit: Int, before: String?) {
        var limit = 50
        var before: String?
        for item in try exchange.queryItems() {
            if item.name == "before" {
                before = item.value
            } else if item.name == "limit", let number = Int(item.value),
                (1...1000).contains(number)
            {
                limit = number
            } else {
                throw .malformed(
                    "query_unknown", "the query takes limit, from 1 to 1000, and before, an id",
                    field: item.name)
            }
        }
        return (limit, before)
    }
}

/// Digests as JSON, for the routes below `/v1/digests`.
public enum DigestDocument {
    /// A list without HTML, which is most of a digest's bytes.
    public static func list(_ digests: [RenderedDigest], hasMore: Bool = false) -> [UInt8] {
        var json = JSONWriter(capacity: 4096)
        json.object { json in
            json.member(array: "digests") { json in
                for digest in digests { write(digest, isWhole: false, to: &json) }
            }
            json.member("more", hasMore)
        }
        return json.bytes
    }

    /// One digest in every form.
    public static func one(_ digest: RenderedDigest) -> [UInt8] {
        var json = JSONWriter()
        write(digest, isWhole: true, to: &json)
        return json.bytes
    }

    private static func write(
        _ row: RenderedDigest, isWhole: Bool, to json: inout JSONWriter
    ) {
        json.object { json in
            json.member("id", row.id)
            json.member("kind", row.kind)
            json.member("subject", row.subject)
            json.member("composed_at", row.composedAt.rfc3339)
            json.member("text", row.text)
            if isWhole { json.member("html", row.html) }
            // Both are JSON that the Rendering module wrote.
            json.key("digest")
            json.raw(row.model.utf8)
            json.key("slack")
            json.raw(row.slack.utf8)
        }
    }
}
