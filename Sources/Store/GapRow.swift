public import GRDB

/// The number of lines in a gap of the log that a reader already reported as missing.
///
/// A reader reads the same gap again at every try until its cursor moves. The row
/// distinguishes such a try from a new gap. Its key is the name of the cursor; `at` is the
/// reader's position before the gap.
public struct GapRow: Sendable, Equatable {
    public var at: CursorRow
    public var lines: Int

    public init(at: CursorRow, lines: Int) {
        self.at = at
        self.lines = lines
    }

    /// The number of `lines` missing lines after `place` that are not reported yet.
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

    /// Records that these lines were reported, within the caller's transaction.
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
