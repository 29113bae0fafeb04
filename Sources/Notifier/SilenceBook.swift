public import Digests
public import Events
import JSON
public import State

/// The silences that people set, with their conditions.
///
/// Every call runs inside the caller's transaction and may come from another process:
/// `DigestService` reads them about once a second.
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

    /// Adds a silence that begins now. Deletes old ended ones.
    ///
    /// - Throws: `Full` when `most` are in force.
    static func add(
        _ db: Store.Transaction, filter: Filter, until: Timestamp, who: String, why: String,
        at now: Timestamp
    ) throws -> SilenceTable.Row {
        let row = row(filter: filter, until: until, who: who, why: why, at: now)
        try requireRoom(db, at: now)
        try insert(db, row, at: now)
        return row
    }

    /// A silence that begins now.
    ///
    /// - Parameter salt: Distinguishes the ids of equal silences that are set in the same
    ///   millisecond.
    static func row(
        filter: Filter, until: Timestamp, who: String, why: String, at now: Timestamp,
        salt: UInt32 = .random(in: 0...UInt32.max)
    ) -> SilenceTable.Row {
        let words = filter.conjuncts.map(\.description)
        var json = JSONWriter()
        json.array { w in for word in words { w.value(word) } }
        let name = "\(json.text)\0\(now.milliseconds)\0\(salt)"
        return SilenceTable.Row(
            id: "s" + ContentHash.hex(name.utf8).prefix(8), matchers: json.text, from: now,
            until: until, who: clean(who), why: clean(why), created: now)
    }

    /// Throws `Full` when `most` are in force.
    static func requireRoom(_ db: Store.Transaction, at now: Timestamp) throws {
        guard try SilenceTable.count(db, endingAfter: now) < most else { throw Full() }
    }

    /// Stores a silence. Deletes old ended ones.
    static func insert(_ db: Store.Transaction, _ row: SilenceTable.Row, at now: Timestamp) throws {
        try SilenceTable.removeEnded(db, before: now - keep, keeping: most, at: now)
        try SilenceTable.add(db, row)
    }

    /// Removes control characters. SQLite ends a text at its first NUL.
    private static func clean(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 }))
    }

    /// Returns the silences in force, newest first; with `ended` also the ended ones that are
    /// still stored.
    public static func list(
        _ db: Store.Transaction, at now: Timestamp, ended: Bool = false
    ) throws -> [Entry] {
        try SilenceTable.list(db, endingAfter: ended ? nil : now).map(Entry.init)
    }
}

extension SilenceBook.Entry {
    init(_ row: SilenceTable.Row) {
        let words = try? JSONValue(parsing: Array(row.matchers.utf8), limits: .event)
        // A condition that cannot be read must not hold back more than was meant.
        var conditions: [Filter] = [.never]
        if case .array(let texts)? = words, !texts.isEmpty {
            conditions = texts.map { Self.condition($0.string ?? "") }
        }
        from = row.from
        until = row.until
        created = row.created
        held = row.held
        silence = Silence(
            id: row.id, filter: Filter(all: conditions),
            schedule: .once(from: from, until: until), who: row.who, why: row.why)
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
