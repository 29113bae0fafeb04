public import GRDB

/// How many of the lines that a reader of the log missed were reported already.
///
/// A reader that stands before a gap meets it again at every try until its cursor moves on;
/// the row tells that try from a new gap. It is named after the cursor, and holds where the
/// reader stood.
public struct GapRow: Sendable, Equatable {
    public var at: CursorRow
    public var lines: Int

    public init(at: CursorRow, lines: Int) {
        self.at = at
        self.lines = lines
    }

    /// How many of `lines` missing lines after `place` were not reported yet.
    public static func unreported(
        _ db: Database, cursor: String, at place: CursorRow, lines: Int
    ) throws -> Int {
        let row = try Row.fetchOne(
            db, sql: "SELECT segment, offset, lines FROM gap WHERE cursor = ?",
            arguments: [cursor])
        guard let row, row["segment"] as Int64 == Int64(bitPattern: place.segment),
            row["offset"] as Int64 == Int64(bitPattern: place.offset)
        else { return lines }
        return max(0, lines - (row["lines"] as Int))
    }

    /// Notes that these lines were reported.
    public func write(_ db: Database, cursor: String) throws {
        try db.execute(
            sql: """
                INSERT INTO gap (cursor, segment, offset, lines) VALUES (?, ?, ?, ?)
                ON CONFLICT (cursor) DO UPDATE SET
                    segment = excluded.segment, offset = excluded.offset, lines = excluded.lines
                """,
            arguments: [cursor, Int64(bitPattern: at.segment), Int64(bitPattern: at.offset), lines])
    }
}
