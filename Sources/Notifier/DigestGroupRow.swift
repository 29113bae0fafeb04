import Digests
import Events
import GRDB

/// The state file's `digest_group` table: the stored state of each group, by its key.
enum DigestGroupRow {
    static func all(_ db: Database) throws -> [String: String] {
        var states: [String: String] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT key, state FROM digest_group") {
            states[row["key"]] = row["state"]
        }
        return states
    }

    static func save(_ checkpoint: Checkpoint, at now: Timestamp, in db: Database) throws {
        for key in checkpoint.removed {
            try db.execute(sql: "DELETE FROM digest_group WHERE key = ?", arguments: [key])
        }
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO digest_group (key, state, updated_ms) VALUES (?, ?, ?)
                ON CONFLICT (key) DO UPDATE
                SET state = excluded.state, updated_ms = excluded.updated_ms
                """)
        try checkpoint.forEachChanged { key, state in
            try statement.execute(arguments: [key, state, now.milliseconds])
        }
    }
}
