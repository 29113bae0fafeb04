public import Server
public import Settings

/// Creates the tokens that a node needs at its first start.
public enum FirstStart {
    /// A token file, and whether this start created it.
    public struct MadeToken: Sendable {
        public let name: String
        public let file: String
        public let isNew: Bool
    }

    /// Creates missing tokens: `read`, on a gateway `analysis`, and on a notifier `ingest`.
    ///
    /// A token whose name the registry lists, even as revoked, is not created again.
    ///
    /// - Parameter admin: Whether to create `admin` too, which permits everything.
    public static func tokens(
        in folder: DataFolder, registry: TokenRegistry, roles: [Settings.Role],
        admin: Bool = false
    ) async throws -> [MadeToken] {
        var wanted: [(name: String, scope: Scope)] = []
        if roles.contains(.gateway) { wanted.append(("analysis", .analysis)) }
        wanted.append(("read", .read))
        if roles.contains(.notifier) { wanted.append(("ingest", .ingest)) }
        if admin { wanted.append(("admin", .admin)) }
        let known = Set(try await registry.list().map(\.name))
        var made: [MadeToken] = []
        for (name, scope) in wanted {
            let file = folder.token(name)
            let isNew = !known.contains(name)
            if isNew {
                // The file is written first: after a crash in between, the next start replaces
                // it, and no token exists whose text was lost.
                _ = try await registry.create(name: name, scopes: [scope]) { token in
                    try folder.writeSecret(token.text + "\n", to: file)
                }
            }
            made.append(MadeToken(name: name, file: file, isNew: isNew))
        }
        return made
    }
}
