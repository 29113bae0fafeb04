public import Events
import GRDB

/// The `cursor` table: durable positions in the event log, by name.
public enum CursorTable {
    /// The position of cursor `name`; nil if it was never moved.
    public static func position(
        _ db: Store.Transaction, of name: String
    ) throws -> LogPosition? {
        try Row.fetchOne(
            db.connection, sql: "SELECT segment, offset FROM cursor WHERE name = ?",
            arguments: [name]
        ).map(LogPosition.init)
    }

    /// All positions, by name.
    public static func all(_ db: Store.Transaction) throws -> [String: LogPosition] {
        var all: [String: LogPosition] = [:]
        for row in try Row.fetchAll(db.connection, sql: "SELECT name, segment, offset FROM cursor")
        {
            all[try row.read("name")] = try LogPosition(row)
        }
        return all
    }

    /// Moves cursor `name`.
    public static func move(
        _ db: Store.Transaction, _ name: String, to position: LogPosition
    ) throws {
        try db.statement(
            """
            INSERT INTO cursor (name, segment, offset) VALUES (?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET segment = excluded.segment, offset = excluded.offset
            """
        ).execute(
            arguments: [
                name, Int64(bitPattern: position.segment), Int64(bitPattern: position.offset),
            ])
    }
}

extension LogPosition {
    /// The position in a row's columns `segment` and `offset`.
    init(_ row: Row) throws {
        try self.init(
            segment: UInt64(bitPattern: row.read("segment") as Int64),
            offset: UInt64(bitPattern: row.read("offset") as Int64))
    }
}
