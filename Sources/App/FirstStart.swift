public import Serving
public import Settings

/// What a node makes for itself so that its first start needs nobody.
public enum FirstStart {
    /// A token file that exists by now, and whether it was made just now.
    public struct MadeToken: Sendable {
        public let name: String
        public let file: String
        public let isNew: Bool
    }

    /// Makes sure that there are token files for `analysis` and `read`, and on
    /// a notifier for `ingest`. A token that was revoked is not made again.
    public static func tokens(
        in folder: DataFolder, registry: TokenRegistry, roles: [Settings.Role]
    ) async throws -> [MadeToken] {
        var wanted: [(name: String, scope: Scope)] = []
        if roles.contains(.gateway) { wanted.append(("analysis", .analysis)) }
        wanted.append(("read", .read))
        if roles.contains(.notifier) { wanted.append(("ingest", .ingest)) }
        let known = Set(try await registry.list().map(\.name))
        var made: [MadeToken] = []
        for (name, scope) in wanted {
            let file = folder.token(name)
            let isNew = !known.contains(name)
            if isNew {
                // The file first: a crash in between leaves a file that the next start
                // replaces, and never a token that nobody has.
                _ = try await registry.create(name: name, scopes: [scope]) { token in
                    try folder.writeSecret(token.text + "\n", to: file)
                }
            }
            made.append(MadeToken(name: name, file: file, isNew: isNew))
        }
        return made
    }
}
