import Core
import Events
import State

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
        let row = TokenTable.Row(
            id: record.id, name: name, scope: Scope.text(scopes), hash: hash,
            created: record.created, expires: record.expires)
        try await store.write { db in try TokenTable.add(db, row) }
        try await reread()
        return token
    }

    /// All tokens of the state file, oldest first.
    public func list() async throws -> [TokenRecord] {
        try await store.read { db in try TokenTable.all(db) }.map(TokenRecord.init)
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
            try TokenTable.revoke(db, id: id, at: moment)
            if isAtOnce {
                try TokenTable.end(db, id: id, why: TokenRefusal.revoked.rawValue)
            }
            return try TokenTable.row(db, id: id).map(TokenRecord.init)
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

extension TokenRecord {
    init(_ row: TokenTable.Row) {
        self.init(
            id: row.id, name: row.name, scopes: Scope.parse(row.scope), created: row.created,
            expires: row.expires, revoked: row.revoked, ended: TokenRefusal(rawValue: row.ended))
    }
}
