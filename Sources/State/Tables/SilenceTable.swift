public import Events
import GRDB

/// The `silence` table: the silences that people set.
public enum SilenceTable {
    public struct Row: Sendable, Equatable {
        public let id: String
        /// A JSON array of conditions such as `rollout=x`, which must all hold.
        public let matchers: String
        public let from: Timestamp
        public let until: Timestamp
        public let who: String
        public let why: String
        public let created: Timestamp
        /// The number of messages that it held back.
        public let held: Int

        public init(
            id: String, matchers: String, from: Timestamp, until: Timestamp, who: String,
            why: String, created: Timestamp, held: Int = 0
        ) {
            self.id = id
            self.matchers = matchers
            self.from = from
            self.until = until
            self.who = who
            self.why = why
            self.created = created
            self.held = held
        }
    }

    /// The silences that end after `moment`, newest first; all if it is nil.
    public static func list(
        _ db: Store.Transaction, endingAfter moment: Timestamp?
    ) throws -> [Row] {
        try GRDB.Row.fetchAll(
            db.connection,
            sql: "SELECT * FROM silence WHERE until_ms > ? ORDER BY created_ms DESC, id",
            arguments: [moment?.milliseconds ?? .min]
        ).map(Row.init)
    }

    /// The number of silences that end after `moment`.
    public static func count(_ db: Store.Transaction, endingAfter moment: Timestamp) throws -> Int {
        try Int.fetchOne(
            db.connection, sql: "SELECT COUNT(*) FROM silence WHERE until_ms > ?",
            arguments: [moment.milliseconds]) ?? 0
    }

    /// Adds a silence. An existing one is not changed.
    public static func add(_ db: Store.Transaction, _ row: Row) throws {
        try db.connection.execute(
            sql: """
                INSERT INTO silence (id, matchers, from_ms, until_ms, who, why, created_ms, held)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
                """,
            arguments: [
                row.id, row.matchers, row.from.milliseconds, row.until.milliseconds, row.who,
                row.why, row.created.milliseconds, row.held,
            ])
    }

    /// Ends a silence now. Returns false if no silence in force has this id.
    public static func expire(
        _ db: Store.Transaction, id: String, at now: Timestamp
    ) throws -> Bool {
        try db.connection.execute(
            sql: "UPDATE silence SET until_ms = ? WHERE id = ? AND until_ms > ?",
            arguments: [now.milliseconds, id, now.milliseconds])
        return db.connection.changesCount == 1
    }

    /// Removes the silences that ended before `moment`, and of those that ended by `now` all but
    /// the `most` last ones.
    public static func removeEnded(
        _ db: Store.Transaction, before moment: Timestamp, keeping most: Int, at now: Timestamp
    ) throws {
        try db.connection.execute(
            sql: """
                DELETE FROM silence WHERE until_ms < :old OR (until_ms <= :now AND id NOT IN
                    (SELECT id FROM silence WHERE until_ms <= :now ORDER BY until_ms DESC LIMIT :most))
                """,
            arguments: ["old": moment.milliseconds, "now": now.milliseconds, "most": most])
    }

    /// Counts a message that a silence held back. Does nothing if the id has no row.
    public static func countHeld(_ db: Store.Transaction, id: String) throws {
        try db.connection.execute(
            sql: "UPDATE silence SET held = MIN(held, 999999999) + 1 WHERE id = ?", arguments: [id])
    }
}

extension SilenceTable.Row {
    fileprivate init(_ row: GRDB.Row) throws {
        try self.init(
            id: row.read("id"), matchers: row.read("matchers"),
            from: Timestamp(milliseconds: row.read("from_ms")),
            until: Timestamp(milliseconds: row.read("until_ms")), who: row.read("who"),
            why: row.read("why"),
            created: Timestamp(milliseconds: row.read("created_ms")), held: row.read("held"))
    }
}
