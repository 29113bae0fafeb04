import GRDB

/// The `unlogged` table: decisions that took effect and are not in the event log yet, as lines.
public enum UnloggedTable {
    public struct Row: Sendable, Equatable {
        public let id: Int64
        public let line: String
    }

    public static func add(_ db: Store.Transaction, line: String) throws {
        try db.connection.execute(
            sql: "INSERT INTO unlogged (line) VALUES (?)", arguments: [line])
    }

    /// The oldest lines.
    public static func first(_ db: Store.Transaction, limit: Int) throws -> [Row] {
        try GRDB.Row.fetchAll(
            db.connection, sql: "SELECT id, line FROM unlogged ORDER BY id LIMIT ?",
            arguments: [limit]
        ).map { try Row(id: $0.read("id"), line: $0.read("line")) }
    }

    /// Removes the lines up to this id, which are in the log.
    public static func remove(_ db: Store.Transaction, upTo id: Int64) throws {
        try db.connection.execute(
            sql: "DELETE FROM unlogged WHERE id <= ?", arguments: [id])
    }
}
