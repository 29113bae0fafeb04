public import Events
import GRDB

/// The `gap` table: the lines missing from the log that a cursor's reader already reported.
///
/// A reader reads the same gap again at every try until its cursor moves. The row distinguishes
/// such a try from a new gap. A gap is named by the reader's position before it.
public enum GapTable {
    /// The number of `lines` missing lines after `position` that are not reported yet.
    public static func unreported(
        _ db: Store.Transaction, cursor: String, after position: LogPosition, lines: Int
    ) throws -> Int {
        let row = try Row.fetchOne(
            db.connection, sql: "SELECT segment, offset, lines FROM gap WHERE cursor = ?",
            arguments: [cursor])
        guard let row, try LogPosition(row) == position else { return lines }
        return max(0, lines -| (try row.read("lines") as Int))
    }

    /// Records that the `lines` missing lines after `position` were reported.
    public static func markReported(
        _ db: Store.Transaction, cursor: String, after position: LogPosition, lines: Int
    ) throws {
        try db.connection.execute(
            sql: """
                INSERT INTO gap (cursor, segment, offset, lines) VALUES (?, ?, ?, ?)
                ON CONFLICT (cursor) DO UPDATE SET
                    segment = excluded.segment, offset = excluded.offset, lines = excluded.lines
                """,
            arguments: [
                cursor, Int64(bitPattern: position.segment), Int64(bitPattern: position.offset),
                lines,
            ])
    }
}
