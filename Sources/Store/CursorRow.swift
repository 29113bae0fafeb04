public import GRDB

/// A named durable position in the event log.
public struct CursorRow: Sendable, Equatable {
    public var segment: UInt64
    public var offset: UInt64

    public init(segment: UInt64, offset: UInt64) {
        self.segment = segment
        self.offset = offset
    }

    /// The position of cursor `name`; nil if it was never written.
    public static func read(_ db: Database, name: String) throws -> CursorRow? {
        let row = try Row.fetchOne(
            db, sql: "SELECT segment, offset FROM cursor WHERE name = ?", arguments: [name])
        return row.map {
            CursorRow(
                segment: UInt64(bitPattern: $0["segment"] as Int64),
                offset: UInt64(bitPattern: $0["offset"] as Int64))
        }
    }

    /// All cursors, by name.
    public static func all(_ db: Database) throws -> [String: CursorRow] {
        var all: [String: CursorRow] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT name, segment, offset FROM cursor") {
            all[row["name"]] = CursorRow(
                segment: UInt64(bitPattern: row["segment"] as Int64),
                offset: UInt64(bitPattern: row["offset"] as Int64))
        }
        return all
    }

    /// Moves cursor `name` within the caller's transaction.
    public func write(_ db: Database, name: String) throws {
        try db.execute(
            sql: """
                INSERT INTO cursor (name, segment, offset) VALUES (?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET segment = excluded.segment, offset = excluded.offset
                """,
            arguments: [name, Int64(bitPattern: segment), Int64(bitPattern: offset)])
    }
}
