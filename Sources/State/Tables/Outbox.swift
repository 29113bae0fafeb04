public import Events
import GRDB

/// The `outbox` table: the queue of digests to deliver, and the outcome of each delivery.
///
/// A row leaves `waiting` only after the receiver's answer, so
/// after a crash between sending and recording, the same digest is sent again under the same id.
public enum Outbox {
    // MARK: - Writing

    /// Adds one waiting delivery of the digest for each addressee; `DigestTable` has the digest.
    ///
    /// An existing delivery is not changed: what was sent is not sent again.
    ///
    /// - Parameter stale: Ids of digests that this one replaces. Those that still wait for one of
    ///   the addressees are not sent any more. The new delivery is due no earlier than they were,
    ///   so a wait that the receiver requested is kept.
    /// - Parameter notBefore: When the digest is due at a receiver, if later than now.
    public static func add(
        _ db: Store.Transaction, _ digest: DigestTable.Row, to addressees: [Addressee],
        replacing stale: [String] = [], notBefore: [String: Timestamp] = [:], at now: Timestamp
    ) throws {
        for addressee in addressees {
            let due = max(
                try replace(db, stale, for: addressee, by: digest.id, at: now),
                notBefore[addressee.receiver] ?? now)
            try db.statement(
                """
                INSERT INTO outbox (digest, receiver, recipient, due_ms, created_ms, thread)
                VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (digest, receiver, recipient) DO NOTHING
                """
            ).execute(
                arguments: [
                    DigestTable.storable(digest.id), addressee.receiver, addressee.recipient,
                    max(due, now).milliseconds, now.milliseconds,
                    DigestTable.storable(digest.thread),
                ])
        }
    }

    /// Makes a delivery that was not sent due now, and resets its tries and its age.
    ///
    /// Returns false if there is no such delivery or it was sent.
    public static func retry(_ db: Store.Transaction, id: Int64, at now: Timestamp) throws -> Bool {
        try revive(db, "id = ? AND state <> 'sent'", [id], now) == 1
    }

    /// Makes every dead delivery due now; returns how many.
    @discardableResult
    public static func retryDead(_ db: Store.Transaction, at now: Timestamp) throws -> Int {
        try revive(db, "state = 'dead'", [], now)
    }

    private static func revive(
        _ db: Store.Transaction, _ condition: String, _ arguments: StatementArguments,
        _ now: Timestamp
    ) throws -> Int {
        try db.connection.execute(
            sql: """
                UPDATE outbox
                SET state = 'waiting', tries = 0, due_ms = ?, since_ms = ?, settled_ms = NULL,
                    told = 0
                WHERE \(condition)
                """, arguments: [now.milliseconds, now.milliseconds] + arguments)
        return db.connection.changesCount
    }

    /// Drops a waiting or dead delivery. Returns false if there is none with that id.
    public static func drop(_ db: Store.Transaction, id: Int64, at now: Timestamp) throws -> Bool {
        try db.connection.execute(
            sql: """
                UPDATE outbox SET state = 'dropped', settled_ms = ?
                WHERE id = ? AND state IN ('waiting', 'dead')
                """, arguments: [now.milliseconds, id])
        return db.connection.changesCount == 1
    }

    /// Drops every delivery in one of `states`, of one receiver if given; returns how many.
    public static func dropAll(
        _ db: Store.Transaction, _ states: Set<DeliveryState>, receiver: String? = nil,
        at now: Timestamp
    ) throws -> Int {
        let words = states.intersection([.waiting, .dead]).map(\.rawValue).sorted()
        let marks = Array(repeating: "?", count: words.count).joined(separator: ", ")
        try db.connection.execute(
            sql: """
                UPDATE outbox SET state = 'dropped', settled_ms = ?
                WHERE state IN (\(marks)) AND (? IS NULL OR receiver = ?)
                """,
            arguments: [now.milliseconds] + StatementArguments(words) + [receiver, receiver])
        return db.connection.changesCount
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
        _ db: Store.Transaction, before moment: Timestamp, deadAtMost: Int = .max
    ) throws -> Pruned {
        var pruned = Pruned()
        try db.connection.execute(
            sql:
                "DELETE FROM outbox WHERE state IN ('sent', 'dropped', 'replaced') AND settled_ms < ?",
            arguments: [moment.milliseconds])
        let dead = try String.fetchAll(
            db.connection,
            sql: """
                DELETE FROM outbox WHERE state = 'dead' AND told = 1 AND (settled_ms < ? OR id IN (
                    SELECT id FROM outbox WHERE state = 'dead' ORDER BY settled_ms DESC, id DESC
                    LIMIT -1 OFFSET ?))
                RETURNING receiver
                """, arguments: [moment.milliseconds, deadAtMost])
        pruned.dead = dead.count
        pruned.receivers = Set(dead).sorted()
        pruned.digests = try DigestTable.removeUnlisted(db, before: moment)
        return pruned
    }

    // MARK: - Reading

    /// Deliveries in one of `states`, newest first.
    public static func list(
        _ db: Store.Transaction, states: Set<DeliveryState> = Set(DeliveryState.allCases),
        limit: Int = 1000
    ) throws -> [OutboxEntry] {
        let words = states.map(\.rawValue).sorted()
        let marks = Array(repeating: "?", count: words.count).joined(separator: ", ")
        let rows = try Row.fetchAll(
            db.connection,
            sql: """
                SELECT \(OutboxEntry.columns) FROM outbox JOIN digest ON digest.id = outbox.digest
                WHERE state IN (\(marks)) ORDER BY outbox.id DESC LIMIT ?
                """, arguments: StatementArguments(words) + [limit])
        return try rows.map(OutboxEntry.init)
    }

    /// The id of the delivery of a digest to an addressee; nil if there is none.
    public static func id(
        _ db: Store.Transaction, digest: String, addressee: Addressee
    ) throws -> Int64? {
        try Int64.fetchOne(
            db.connection,
            sql: "SELECT id FROM outbox WHERE digest = ? AND receiver = ? AND recipient = ?",
            arguments: [digest, addressee.receiver, addressee.recipient])
    }

    /// One delivery.
    public static func entry(_ db: Store.Transaction, id: Int64) throws -> OutboxEntry? {
        try Row.fetchOne(
            db.connection,
            sql: """
                SELECT \(OutboxEntry.columns) FROM outbox JOIN digest ON digest.id = outbox.digest
                WHERE outbox.id = ?
                """, arguments: [id]
        ).map(OutboxEntry.init)
    }

    /// The numbers of waiting and dead deliveries, by receiver; zeros are left out.
    public static func openCounts(_ db: Store.Transaction) throws -> [String: [DeliveryState: Int]]
    {
        var counts: [String: [DeliveryState: Int]] = [:]
        for row in try Row.fetchAll(
            db.connection,
            sql: """
                SELECT receiver, state, COUNT(*) AS n FROM outbox
                WHERE state IN ('waiting', 'dead') GROUP BY receiver, state
                """)
        {
            guard let state = DeliveryState(rawValue: try row.read("state")) else { continue }
            counts[try row.read("receiver"), default: [:]][state] = try row.read("n")
        }
        return counts
    }

    /// The number of deliveries in each state, zeros included.
    public static func counts(_ db: Store.Transaction) throws -> [DeliveryState: Int] {
        var counts = Dictionary(uniqueKeysWithValues: DeliveryState.allCases.map { ($0, 0) })
        for row in try Row.fetchAll(
            db.connection, sql: "SELECT state, COUNT(*) AS n FROM outbox GROUP BY state")
        {
            if let state = DeliveryState(rawValue: try row.read("state")) {
                counts[state] = try row.read("n")
            }
        }
        return counts
    }
}
