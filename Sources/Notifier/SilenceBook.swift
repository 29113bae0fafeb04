public import Digests
public import Events
public import GRDB
import JSON

/// The silences that people set, as rows of the state file.
///
/// Every call runs inside the caller's transaction and may come from another process:
/// `DigestService` reads the table about once a second.
public enum SilenceBook {
    /// A silence and how many messages it held back.
    public struct Entry: Sendable, Equatable {
        public var silence: Silence
        public var from: Timestamp
        public var until: Timestamp
        public var created: Timestamp
        /// Number of messages that it held back.
        public var held: Int

        public func isActive(at now: Timestamp) -> Bool { now < until }
    }

    /// Most silences in force, and most ended ones that are kept.
    static let most = 500

    /// The maximum number of silences is in force.
    public struct Full: Error, CustomStringConvertible {
        public var description: String {
            "\(most) silences are in force, which is the maximum: end some, or add one that covers more"
        }
    }

    /// How long an ended silence is kept.
    static let keep = Duration.seconds(30 * 86_400)

    /// Adds a silence that begins now; returns its id. Deletes old ended ones.
    ///
    /// - Parameter salt: Distinguishes the ids of equal silences that are set in the same
    ///   millisecond.
    /// - Throws: `Full` when `most` are in force.
    public static func add(
        _ db: Database, filter: Filter, until: Timestamp, who: String, why: String,
        at now: Timestamp, salt: UInt32 = .random(in: 0...UInt32.max)
    ) throws -> String {
        let words = filter.conjuncts.map(\.description)
        var json = JSONWriter()
        json.array { w in for word in words { w.value(word) } }
        let name = "\(json.text)\0\(now.milliseconds)\0\(salt)"
        let id = "s" + ContentHash.hex(name.utf8).prefix(8)
        let inForce = try Int.fetchOne(
            db, sql: "SELECT COUNT(*) FROM silence WHERE until_ms > ?",
            arguments: [now.milliseconds])
        guard (inForce ?? 0) < most else { throw Full() }
        try db.execute(
            sql: """
                DELETE FROM silence WHERE until_ms < :old OR (until_ms <= :now AND id NOT IN
                    (SELECT id FROM silence WHERE until_ms <= :now ORDER BY until_ms DESC LIMIT :most))
                """,
            arguments: ["old": (now - keep).milliseconds, "now": now.milliseconds, "most": most])
        try db.execute(
            sql: """
                INSERT INTO silence (id, matchers, from_ms, until_ms, who, why, created_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                id, json.text, now.milliseconds, until.milliseconds, clean(who), clean(why),
                now.milliseconds,
            ])
        return id
    }

    /// Removes control characters. SQLite ends a text at its first NUL.
    private static func clean(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 }))
    }

    /// Ends a silence now. Returns false when no silence in force has this id.
    public static func expire(_ db: Database, id: String, at now: Timestamp) throws -> Bool {
        try db.execute(
            sql: "UPDATE silence SET until_ms = ? WHERE id = ? AND until_ms > ?",
            arguments: [now.milliseconds, id, now.milliseconds])
        return db.changesCount == 1
    }

    /// Returns the silences in force, newest first; with `ended` also the ended ones that are
    /// still stored.
    public static func list(
        _ db: Database, at now: Timestamp, ended: Bool = false
    ) throws -> [Entry] {
        try Row.fetchAll(
            db,
            sql: "SELECT * FROM silence WHERE until_ms > ? ORDER BY created_ms DESC, id",
            arguments: [ended ? Int64.min : now.milliseconds]
        ).map(Entry.init)
    }

    /// Counts a message that a silence held back. Silences of the configuration have no row and
    /// are not counted.
    static func countHeld(_ db: Database, id: String) throws {
        try db.execute(
            sql: "UPDATE silence SET held = held + 1 WHERE id = ?", arguments: [id])
    }
}

extension SilenceBook.Entry {
    init(_ row: Row) {
        let stored: String = row["matchers"]
        let words = try? JSONValue(parsing: Array(stored.utf8), limits: .event)
        // A condition that cannot be read must not hold back more than was meant.
        var conditions: [Filter] = [.never]
        if case .array(let texts)? = words, !texts.isEmpty {
            conditions = texts.map { Self.condition($0.string ?? "") }
        }
        from = Timestamp(milliseconds: row["from_ms"])
        until = Timestamp(milliseconds: row["until_ms"])
        created = Timestamp(milliseconds: row["created_ms"])
        held = row["held"]
        silence = Silence(
            id: row["id"], filter: Filter(all: conditions),
            schedule: .once(from: from, until: until),
            who: row["who"], why: row["why"])
    }

    /// Reads a condition of any version. Fields by which digests are no longer grouped are
    /// accepted; they fit nothing.
    private static func condition(_ text: String) -> Filter {
        let fields = FilterFields.digests(groupBy: []).orAny
        guard let condition = try? Filter(entry: text, fields), !condition.isAll else {
            return .never
        }
        return condition
    }
}
