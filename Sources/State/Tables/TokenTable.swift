public import Events
import GRDB

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The `token` table: the tokens that people created, with the hash of each.
public enum TokenTable {
    public struct Row: Sendable, Equatable {
        public let id: String
        public let name: String
        /// The scopes in their stored form.
        public let scope: String
        /// The SHA-256 of the token.
        public let hash: [UInt8]
        public let created: Timestamp
        public let expires: Timestamp?
        public let revoked: Timestamp?
        /// Why the token ended permanently; empty: it did not.
        public let ended: String

        public init(
            id: String, name: String, scope: String, hash: [UInt8], created: Timestamp,
            expires: Timestamp?, revoked: Timestamp? = nil, ended: String = ""
        ) {
            self.id = id
            self.name = name
            self.scope = scope
            self.hash = hash
            self.created = created
            self.expires = expires
            self.revoked = revoked
            self.ended = ended
        }
    }

    public static func all(_ db: Store.Transaction) throws -> [Row] {
        try GRDB.Row.fetchAll(db.connection, sql: "SELECT * FROM token").map(Row.init)
    }

    public static func row(_ db: Store.Transaction, id: String) throws -> Row? {
        try GRDB.Row.fetchOne(
            db.connection, sql: "SELECT * FROM token WHERE id = ?", arguments: [id]
        ).map(Row.init)
    }

    /// Stores a new token. `revoked` and `ended` are not stored.
    public static func add(_ db: Store.Transaction, _ row: Row) throws {
        try db.connection.execute(
            sql: """
                INSERT INTO token (id, name, scope, hash, created_ms, expires_ms)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                row.id, row.name, row.scope, Data(row.hash), row.created.milliseconds,
                row.expires?.milliseconds,
            ])
    }

    /// Sets when the token is revoked, unless it is revoked earlier.
    public static func revoke(
        _ db: Store.Transaction, id: String, at moment: Timestamp
    ) throws {
        try db.connection.execute(
            sql: """
                UPDATE token SET revoked_ms = min(coalesce(revoked_ms, ?), ?) WHERE id = ?
                """,
            arguments: [moment.milliseconds, moment.milliseconds, id])
    }

    /// Marks the token as ended permanently. The first reason is kept.
    public static func end(_ db: Store.Transaction, id: String, why: String) throws {
        try db.connection.execute(
            sql: "UPDATE token SET ended = ? WHERE id = ? AND ended = ''", arguments: [why, id])
    }
}

extension TokenTable.Row {
    fileprivate init(_ row: GRDB.Row) throws {
        try self.init(
            id: row.read("id"), name: row.read("name"), scope: row.read("scope"),
            hash: Array(row.read("hash") as Data),
            created: Timestamp(milliseconds: row.read("created_ms")),
            expires: (row.read("expires_ms") as Int64?).map { Timestamp(milliseconds: $0) },
            revoked: (row.read("revoked_ms") as Int64?).map { Timestamp(milliseconds: $0) },
            ended: row.read("ended"))
    }
}
