import Delivery
import Events
import Hummingbird
import JSONScan
import Rendering
public import Serving
public import Store

/// `GET /v1/digests`: what was composed, the newest first, for scope `read`.
public enum DigestRoutes {
    public static func routes(_ store: Store) -> [Route] {
        [
            Route(.get, "/v1/digests", access: .requires(.read)) { exchange in
                var limit = 50
                for item in try exchange.queryItems() {
                    guard item.name == "limit", let number = Int(item.value),
                        (1...1000).contains(number)
                    else {
                        throw Problem.malformed(
                            "query_unknown", "the query takes limit, from 1 to 1000",
                            field: item.name)
                    }
                    limit = number
                }
                let wanted = limit
                let rows = try await store.read { db in try Outbox.digests(db, limit: wanted) }
                return .bytes(document(rows), headers: [.cacheControl: "no-store"])
            },
            Route(.get, "/v1/digests/{id}", access: .requires(.read)) { exchange in
                let id = exchange.parameters["id"] ?? ""
                guard let row = try await store.read({ db in try Outbox.digest(db, id: id) }) else {
                    throw Problem(
                        .notFound, "digest_unknown", "there is no digest with this id", field: "id")
                }
                var json = JSONWriter()
                write(row, isWhole: true, to: &json)
                return .bytes(json.bytes, headers: [.cacheControl: "no-store"])
            },
        ]
    }

    private static func document(_ rows: [RenderedDigest]) -> [UInt8] {
        var json = JSONWriter(capacity: 4096)
        json.object { json in
            json.member(array: "digests") { json in
                for row in rows { write(row, isWhole: false, to: &json) }
            }
        }
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
            // A page for each row of a list would be most of its bytes.
            if isWhole { json.member("html", row.html) }
            // Both are JSON that Rendering wrote.
            json.key("digest")
            json.raw(row.model.utf8)
            json.key("slack")
            json.raw(row.slack.utf8)
        }
    }
}
