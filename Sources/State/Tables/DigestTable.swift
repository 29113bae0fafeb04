public import Events
import GRDB

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The `digest` table: the composed digests, with the bytes of each form.
public enum DigestTable {
    public struct Row: Sendable, Equatable {
        public let id: String
        /// The incident's id, the same in every digest of the incident.
        public let thread: String
        public let subject: String
        public let kind: String
        /// The key of the digest's group.
        public let group: String
        public let composed: Timestamp
        /// The digest as JSON.
        public let model: String
        public let text: String
        public let html: String
        public let slack: String
        /// The form for a reply in Slack's thread; empty: none.
        public let slackReply: String

        public init(
            id: String, thread: String, subject: String, kind: String, group: String,
            composed: Timestamp, model: String, text: String, html: String, slack: String,
            slackReply: String
        ) {
            self.id = id
            self.thread = thread
            self.subject = subject
            self.kind = kind
            self.group = group
            self.composed = composed
            self.model = model
            self.text = text
            self.html = html
            self.slack = slack
            self.slackReply = slackReply
        }
    }

    /// Stores a digest. An existing one is not changed: an id identifies fixed bytes.
    public static func add(_ db: Store.Transaction, _ row: Row) throws {
        try db.statement(
            """
            INSERT INTO digest
                (id, group_key, kind, subject, thread, composed_ms, model, slack, text, html,
                slack_reply)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
            """
        ).execute(
            arguments: StatementArguments(
                [row.id, row.group, row.kind, row.subject, row.thread].map(storable)
            ) + [row.composed.milliseconds]
                + StatementArguments(
                    [row.model, row.slack, row.text, row.html, row.slackReply].map(storable)))
    }

    /// Replaces NUL characters: SQLite ends a text at the first one.
    static func storable(_ text: String) -> String {
        // A page is long; C finds its first NUL faster than a loop over its bytes.
        strlen(text) < text.utf8.count ? text.replacing("\0", with: "\u{FFFD}") : text
    }

    /// The digest with that id.
    public static func row(_ db: Store.Transaction, id: String) throws -> Row? {
        // Named columns: a cached statement with `*` would keep the columns of an earlier schema.
        // A cursor does not copy the pages before they are read. It must live as long as its row.
        let rows = try GRDB.Row.fetchCursor(
            db.statement(
                """
                SELECT id, group_key, kind, subject, thread, composed_ms, model, slack, text, html,
                    slack_reply
                FROM digest WHERE id = ?
                """), arguments: [id])
        return try withExtendedLifetime(rows) { try rows.next().map(Row.init) }
    }

    /// The newest digests, newest first.
    public static func list(_ db: Store.Transaction, limit: Int = 100) throws -> [Row] {
        try GRDB.Row.fetchAll(
            db.connection, sql: "SELECT * FROM digest ORDER BY composed_ms DESC, id DESC LIMIT ?",
            arguments: [limit]
        ).map(Row.init)
    }

    /// The kind of a thread's newest digest; nil if there is none.
    public static func lastKind(_ db: Store.Transaction, thread: String) throws -> String? {
        try String.fetchOne(
            db.connection,
            sql: """
                SELECT kind FROM digest WHERE thread = ? ORDER BY composed_ms DESC, id DESC LIMIT 1
                """, arguments: [storable(thread)])
    }

    /// A digest without its bodies.
    public struct Headline: Sendable, Equatable {
        public let id: String
        public let subject: String
        public let kind: String
        public let composedAt: Timestamp
    }

    /// The headlines of the newest digests, newest first.
    public static func headlines(_ db: Store.Transaction, limit: Int) throws -> [Headline] {
        try GRDB.Row.fetchAll(
            db.connection,
            sql: """
                SELECT id, subject, kind, composed_ms FROM digest
                ORDER BY composed_ms DESC, id DESC LIMIT ?
                """, arguments: [limit]
        ).map { row in
            try Headline(
                id: row.read("id"), subject: row.read("subject"), kind: row.read("kind"),
                composedAt: Timestamp(milliseconds: row.read("composed_ms")))
        }
    }

    /// Some digests without their HTML and Slack reply.
    public struct Page: Sendable {
        public var digests: [Row] = []
        public var hasMore = false
    }

    /// Digests older than the one with the id `before` (nil: all), newest first.
    ///
    /// Returns at most `limit` digests and ends with the one that reaches `maxBytes`.
    public static func page(
        _ db: Store.Transaction, before: String? = nil, limit: Int, maxBytes: Int
    ) throws -> Page {
        let rows = try GRDB.Row.fetchCursor(
            db.connection,
            sql: """
                SELECT id, thread, subject, slack, text, '' AS html, model, kind, group_key,
                    composed_ms, '' AS slack_reply
                FROM digest
                WHERE :before IS NULL OR (composed_ms, id) <
                    (SELECT composed_ms, id FROM digest WHERE id = :before)
                ORDER BY composed_ms DESC, id DESC LIMIT :limit
                """, arguments: ["before": before, "limit": limit + 1])
        var page = Page()
        var bytes = 0
        while let row = try rows.next() {
            guard page.digests.count < limit, bytes < maxBytes else {
                page.hasMore = true
                break
            }
            let digest = try Row(row)
            bytes += digest.slack.utf8.count + digest.text.utf8.count + digest.model.utf8.count
            page.digests.append(digest)
        }
        return page
    }

    /// Removes the digests composed before `moment` that have no delivery; returns how many.
    static func removeUnlisted(_ db: Store.Transaction, before moment: Timestamp) throws -> Int {
        try db.connection.execute(
            sql: """
                DELETE FROM digest WHERE composed_ms < ?
                    AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.digest = digest.id)
                """, arguments: [moment.milliseconds])
        return db.connection.changesCount
    }
}

extension DigestTable.Row {
    init(_ row: GRDB.Row) throws {
        try self.init(
            id: row.read("id"), thread: row.read("thread"), subject: row.read("subject"),
            kind: row.read("kind"),
            group: row.read("group_key"),
            composed: Timestamp(milliseconds: row.read("composed_ms")),
            model: row.read("model"), text: row.read("text"), html: row.read("html"),
            slack: row.read("slack"),
            slackReply: row.read("slack_reply"))
    }
}
