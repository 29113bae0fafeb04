public import Events
import GRDB

/// The `digest_group` table: the state of each digest group, as JSON, by its key.
public enum DigestGroupTable {
    public static func all(_ db: Store.Transaction) throws -> [String: String] {
        var states: [String: String] = [:]
        for row in try Row.fetchAll(db.connection, sql: "SELECT key, state FROM digest_group") {
            states[try row.read("key")] = try row.read("state")
        }
        return states
    }

    /// Stores the state of group `key`.
    public static func put(
        _ db: Store.Transaction, key: String, state: String, at now: Timestamp
    ) throws {
        try db.connection.cachedStatement(
            sql: """
                INSERT INTO digest_group (key, state, updated_ms) VALUES (?, ?, ?)
                ON CONFLICT (key) DO UPDATE
                SET state = excluded.state, updated_ms = excluded.updated_ms
                """
        ).execute(arguments: [key, state, now.milliseconds])
    }

    public static func remove(_ db: Store.Transaction, key: String) throws {
        try db.connection.execute(
            sql: "DELETE FROM digest_group WHERE key = ?", arguments: [key])
    }
}
