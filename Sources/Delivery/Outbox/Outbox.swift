public import Events
public import GRDB
public import Rendering

/// The queue of digests to deliver, as rows in the state file.
///
/// Every call runs inside the caller's transaction and may come from another process; the delivery
/// service detects foreign commits. A row leaves `waiting` only after the receiver's answer, so
/// after a crash between sending and recording, the same digest is sent again under the same id.
public enum Outbox {
    // MARK: - Writing

    /// Stores the digest and one waiting delivery for each addressee.
    ///
    /// An existing digest or delivery is not changed: an id identifies fixed bytes, and what was
    /// sent is not sent again.
    ///
    /// - Parameter stale: Ids of digests that this one replaces. Those that still wait for one of
    ///   the addressees are not sent any more. The new delivery is due no earlier than they were,
    ///   so a wait that the receiver requested is kept.
    public static func enqueue(
        _ db: Database, _ digest: RenderedDigest, to addressees: [Addressee],
        replacing stale: [String] = [], at now: Timestamp
    ) throws {
        try db.execute(
            sql: """
                INSERT INTO digest
                    (id, group_key, kind, subject, thread, composed_ms, model, slack, text, html,
                    slack_reply)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
                """,
            arguments: StatementArguments(
                [
                    digest.id, digest.groupKey, digest.kind, digest.subject, digest.thread,
                ].map(storable)
            ) + [digest.composedAt.milliseconds]
                + StatementArguments(
                    [
                        digest.model, digest.slack, digest.text, digest.html, digest.slackReply,
                    ].map(storable)))
        for addressee in addressees {
            let due = try replace(db, stale, for: addressee, by: digest.id, at: now)
            try db.execute(
                sql: """
                    INSERT INTO outbox (digest, receiver, recipient, due_ms, created_ms, thread)
                    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (digest, receiver, recipient) DO NOTHING
                    """,
                arguments: [
                    storable(digest.id), addressee.receiver, addressee.recipient,
                    max(due, now).milliseconds, now.milliseconds, storable(digest.thread),
                ])
        }
    }

    /// Replaces NUL characters: SQLite ends a text at the first one.
    private static func storable(_ text: String) -> String {
        text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
    }

    /// Makes a delivery that was not sent due now, and resets its tries and its age.
    ///
    /// Returns false if there is no such delivery or it was sent.
    public static func retry(_ db: Database, id: Int64, at now: Timestamp) throws -> Bool {
        try revive(db, "id = ? AND state <> 'sent'", [id], now) == 1
    }

    /// Makes every dead delivery due now; returns how many.
    @discardableResult
    public static func retryDead(_ db: Database, at now: Timestamp) throws -> Int {
        try revive(db, "state = 'dead'", [], now)
    }

    private static func revive(
        _ db: Database, _ condition: String, _ arguments: StatementArguments, _ now: Timestamp
    ) throws -> Int {
        try db.execute(
            sql: """
                UPDATE outbox
                SET state = 'waiting', tries = 0, due_ms = ?, since_ms = ?, settled_ms = NULL,
                    told = 0
                WHERE \(condition)
                """, arguments: [now.milliseconds, now.milliseconds] + arguments)
        return db.changesCount
    }

    /// Drops a waiting or dead delivery. Returns false if there is none with that id.
    public static func drop(_ db: Database, id: Int64, at now: Timestamp) throws -> Bool {
        try db.execute(
            sql: """
                UPDATE outbox SET state = 'dropped', settled_ms = ?
                WHERE id = ? AND state IN ('waiting', 'dead')
                """, arguments: [now.milliseconds, id])
        return db.changesCount == 1
    }

    /// Drops every delivery in one of `states`, of one receiver if given; returns how many.
    public static func dropAll(
        _ db: Database, _ states: Set<DeliveryState>, receiver: String? = nil, at now: Timestamp
    ) throws -> Int {
        let words = states.intersection([.waiting, .dead]).map(\.rawValue).sorted()
        let marks = Array(repeating: "?", count: words.count).joined(separator: ", ")
        try db.execute(
            sql: """
                UPDATE outbox SET state = 'dropped', settled_ms = ?
                WHERE state IN (\(marks)) AND (? IS NULL OR receiver = ?)
                """,
            arguments: [now.milliseconds] + StatementArguments(words) + [receiver, receiver])
        return db.changesCount
    }

    /// What `prune` removed.
    public struct Pruned: Sendable, Equatable {
        public var digests = 0
        /// Dead letters removed by age or number.
        public var dead = 0
        /// Receivers of the removed dead letters, without duplicates, in order of name.
        public var receivers: [String] = []
    }

    /// Removes old rows.
    ///
    /// Removes sent, dropped, replaced and dead deliveries settled before `moment`, the oldest dead
    /// letters beyond `deadAtMost`, and digests composed before `moment` that have no delivery.
    /// Dead letters that were not reported yet are kept.
    @discardableResult
    public static func prune(
        _ db: Database, before moment: Timestamp, deadAtMost: Int = .max
    ) throws -> Pruned {
        var pruned = Pruned()
        try db.execute(
            sql:
                "DELETE FROM outbox WHERE state IN ('sent', 'dropped', 'replaced') AND settled_ms < ?",
            arguments: [moment.milliseconds])
        let dead = try String.fetchAll(
            db,
            sql: """
                DELETE FROM outbox WHERE state = 'dead' AND told = 1 AND (settled_ms < ? OR id IN (
                    SELECT id FROM outbox WHERE state = 'dead' ORDER BY settled_ms DESC, id DESC
                    LIMIT -1 OFFSET ?))
                RETURNING receiver
                """, arguments: [moment.milliseconds, deadAtMost])
        pruned.dead = dead.count
        pruned.receivers = Set(dead).sorted()
        try db.execute(
            sql: """
                DELETE FROM digest WHERE composed_ms < ?
                    AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.digest = digest.id)
                """, arguments: [moment.milliseconds])
        pruned.digests = db.changesCount
        return pruned
    }

    // MARK: - Reading

    /// Deliveries in one of `states`, newest first.
    public static func list(
        _ db: Database, states: Set<DeliveryState> = Set(DeliveryState.allCases), limit: Int = 1000
    ) throws -> [OutboxEntry] {
        let words = states.map(\.rawValue).sorted()
        let marks = Array(repeating: "?", count: words.count).joined(separator: ", ")
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT \(OutboxEntry.columns) FROM outbox JOIN digest ON digest.id = outbox.digest
                WHERE state IN (\(marks)) ORDER BY outbox.id DESC LIMIT ?
                """, arguments: StatementArguments(words) + [limit])
        return rows.map(OutboxEntry.init)
    }

    /// One delivery.
    public static func entry(_ db: Database, id: Int64) throws -> OutboxEntry? {
        try Row.fetchOne(
            db,
            sql: """
                SELECT \(OutboxEntry.columns) FROM outbox JOIN digest ON digest.id = outbox.digest
                WHERE outbox.id = ?
                """, arguments: [id]
        ).map(OutboxEntry.init)
    }

    /// The numbers of waiting and dead deliveries, by receiver; zeros are left out.
    public static func openCounts(_ db: Database) throws -> [String: [DeliveryState: Int]] {
        var counts: [String: [DeliveryState: Int]] = [:]
        for row in try Row.fetchAll(
            db,
            sql: """
                SELECT receiver, state, COUNT(*) AS n FROM outbox
                WHERE state IN ('waiting', 'dead') GROUP BY receiver, state
                """)
        {
            guard let state = DeliveryState(rawValue: row["state"]) else { continue }
            counts[row["receiver"], default: [:]][state] = row["n"]
        }
        return counts
    }

    /// The number of deliveries in each state, zeros included.
    public static func counts(_ db: Database) throws -> [DeliveryState: Int] {
        var counts = Dictionary(uniqueKeysWithValues: DeliveryState.allCases.map { ($0, 0) })
        for row in try Row.fetchAll(
            db, sql: "SELECT state, COUNT(*) AS n FROM outbox GROUP BY state")
        {
            if let state = DeliveryState(rawValue: row["state"]) { counts[state] = row["n"] }
        }
        return counts
    }

    /// The stored digest with that id.
    public static func digest(_ db: Database, id: String) throws -> RenderedDigest? {
        try Row.fetchOne(db, sql: "SELECT * FROM digest WHERE id = ?", arguments: [id])
            .map(RenderedDigest.init)
    }

    /// A digest without its bodies.
    public struct Headline: Sendable, Equatable {
        public let id: String
        public let subject: String
        public let kind: String
        public let composedAt: Timestamp
    }

    /// The headlines of the newest digests, without their bodies.
    public static func headlines(_ db: Database, limit: Int) throws -> [Headline] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT id, subject, kind, composed_ms FROM digest
                ORDER BY composed_ms DESC, id DESC LIMIT ?
                """, arguments: [limit]
        ).map { row in
            Headline(
                id: row["id"], subject: row["subject"], kind: row["kind"],
                composedAt: Timestamp(milliseconds: row["composed_ms"]))
        }
    }

    /// Digests, newest first.
    public static func digests(_ db: Database, limit: Int = 100) throws -> [RenderedDigest] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM digest ORDER BY composed_ms DESC, id DESC LIMIT ?",
            arguments: [limit]
        ).map(RenderedDigest.init)
    }
}

extension Outbox {
    /// A page of digests without their HTML.
    public struct Page: Sendable {
        public var digests: [RenderedDigest] = []
        public var hasMore = false
    }

    /// Digests older than the one with the id `before` (nil: all), newest first.
    ///
    /// Returns at most `limit` digests and ends with the one that reaches `maxBytes`.
    public static func page(
        _ db: Database, before: String? = nil, limit: Int, maxBytes: Int
    ) throws -> Page {
        let rows = try Row.fetchCursor(
            db,
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
            let digest = RenderedDigest(row)
            bytes += digest.slack.utf8.count + digest.text.utf8.count + digest.model.utf8.count
            page.digests.append(digest)
        }
        return page
    }
}

extension RenderedDigest {
    init(_ row: Row) {
        self.init(
            id: row["id"], thread: row["thread"], subject: row["subject"], slack: row["slack"],
            text: row["text"], html: row["html"], model: row["model"], kind: row["kind"],
            groupKey: row["group_key"],
            composedAt: Timestamp(milliseconds: row["composed_ms"]),
            slackReply: row["slack_reply"])
    }
}
