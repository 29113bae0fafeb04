public import Events
import GRDB

/// The `attempt` table: the state of each series of attempts, as JSON.
public enum AttemptTable {
    public struct Row: Sendable, Equatable {
        public let series: String
        public let state: String
    }

    /// All series, the least recently stored first.
    public static func all(_ db: Store.Transaction) throws -> [Row] {
        try GRDB.Row.fetchAll(
            db.connection, sql: "SELECT series, state FROM attempt ORDER BY updated_ms"
        ).map { try Row(series: $0.read("series"), state: $0.read("state")) }
    }

    /// Stores the state of a series.
    public static func put(
        _ db: Store.Transaction, series: String, state: String, at now: Timestamp
    ) throws {
        try db.connection.cachedStatement(
            sql: """
                INSERT INTO attempt (series, state, updated_ms) VALUES (?, ?, ?)
                ON CONFLICT (series) DO UPDATE
                SET state = excluded.state, updated_ms = excluded.updated_ms
                """
        ).execute(arguments: [series, state, now.milliseconds])
    }

    public static func remove(_ db: Store.Transaction, series: String) throws {
        try db.connection.execute(
            sql: "DELETE FROM attempt WHERE series = ?", arguments: [series])
    }
}
