import Core
import Events
import GRDB
import Store

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension TokenRegistry {
    /// Creates a token and stores its hash. Only the result contains the token itself. Several
    /// tokens with the same name can be valid at once.
    ///
    /// - Parameter deliver: Receives the token before it is committed, so that a crash never leaves
    ///   a token that nobody has. If it throws, no token is created.
    /// - Throws: `ServerError` if the name is not 1 to 64 letters, digits, `.`, `_`, `-` or `@`, if
    ///   there is no scope, or if the expiry is not in the future; the store's error if the token
    ///   cannot be stored.
    public func create(
        name: String, scopes: Set<Scope>, expires: Duration? = nil,
        deliver: (IssuedToken) throws -> Void = { _ in }
    ) async throws -> IssuedToken {
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(Self.isNameByte) else {
            throw ServerError(
                place: "token name", fault: "not a name",
                remedy: "use 1 to 64 letters, digits, '.', '_', '-' or '@'")
        }
        guard !scopes.isEmpty else {
            throw ServerError(
                place: "token \(name)", fault: "no scope",
                remedy: "give one or more of analysis, ingest, read, admin")
        }
        if let expires, expires <= .zero {
            throw ServerError(
                place: "token \(name)", fault: "expires before it begins",
                remedy: "give a time ahead, such as 30d")
        }
        let now = clock.now
        let secret = Self.random(32)
        let text = Self.prefix + Base64.encodeURL(secret)
        let record = TokenRecord(
            id: "t-" + ContentHash.hexDigits(Self.random(5)), name: name, scopes: scopes,
            created: now, expires: expires.map { now + $0 }, revoked: nil)
        let hash = Self.hash(text)
        let token = IssuedToken(record: record, text: text)
        try deliver(token)
        try await store.write { db in try TokenRow.insert(record, hash: hash, db) }
        try await reread()
        return token
    }

    /// All tokens of the state file, oldest first.
    public func list() async throws -> [TokenRecord] {
        try await store.read { db in try TokenRow.all(db) }.map(\.record)
            .sorted { ($0.created, $0.id) < ($1.created, $1.id) }
    }

    /// Revokes the token, effective `after` from now. An earlier revocation stays in effect.
    ///
    /// - Throws: `ServerError` if no token has this id.
    @discardableResult
    public func revoke(_ id: String, after: Duration = .zero) async throws -> TokenRecord {
        let moment = clock.now + max(.zero, after)
        let isAtOnce = after <= .zero
        let record = try await store.write { db in
            let record = try TokenRow.revoke(id, at: moment, db)
            guard isAtOnce, record?.ended == nil else { return record }
            try TokenRow.end(id, .revoked, db)
            return try TokenRow.one(id, db)
        }
        guard let record else {
            throw ServerError(
                place: "token \(id)", fault: "there is none with this id",
                remedy: "see 'bellwether token list'")
        }
        try await reread()
        return record
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "-"), UInt8(ascii: "@"):
            true
        default: false
        }
    }

    private static func random(_ count: Int) -> [UInt8] {
        var system = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &system) }
    }
}

/// Accesses the state file's `token` table.
enum TokenRow {
    static func all(_ db: Database) throws -> [TokenSnapshot.Entry] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM token"
        ).map { row in
            TokenSnapshot.Entry(hash: Array(row["hash"] as Data), record: record(row))
        }
    }

    static func one(_ id: String, _ db: Database) throws -> TokenRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM token WHERE id = ?", arguments: [id]).map(record)
    }

    /// Marks the token as permanently ended. The first reason is kept.
    static func end(_ id: String, _ why: TokenRefusal, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE token SET ended = ? WHERE id = ? AND ended = ''",
            arguments: [why.rawValue, id])
    }

    static func insert(_ record: TokenRecord, hash: [UInt8], _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO token (id, name, scope, hash, created_ms, expires_ms)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                record.id, record.name, Scope.text(record.scopes), Data(hash),
                record.created.milliseconds, record.expires?.milliseconds,
            ])
    }

    static func revoke(_ id: String, at moment: Timestamp, _ db: Database) throws -> TokenRecord? {
        try db.execute(
            sql: """
                UPDATE token SET revoked_ms = min(coalesce(revoked_ms, ?), ?) WHERE id = ?
                """,
            arguments: [moment.milliseconds, moment.milliseconds, id])
        return try one(id, db)
    }

    private static func record(_ row: Row) -> TokenRecord {
        TokenRecord(
            id: row["id"], name: row["name"], scopes: Scope.parse(row["scope"]),
            created: Timestamp(milliseconds: row["created_ms"]),
            expires: (row["expires_ms"] as Int64?).map { Timestamp(milliseconds: $0) },
            revoked: (row["revoked_ms"] as Int64?).map { Timestamp(milliseconds: $0) },
            ended: TokenRefusal(rawValue: row["ended"]))
    }
}
