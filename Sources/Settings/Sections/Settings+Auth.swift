import Core
import Events

extension Settings {
    /// `auth`: credentials in addition to those of `bellwether token`.
    public struct Auth: Sendable, Equatable {
        public var tokenFiles: [TokenFile] = []

        public init() {}
    }

    /// A file of tokens, one per line, that is read again when it changes.
    public struct TokenFile: Sendable, Equatable {
        public var path: String
        /// The name of its callers in logs and events; default: the file's name.
        public var name: String
        public var scopes: [TokenScope] = [.analysis]

        public init(path: String, name: String, scopes: [TokenScope] = [.analysis]) {
            self.path = path
            self.name = name
            self.scopes = scopes
        }
    }

    /// What a token permits.
    public enum TokenScope: String, Sendable, CaseIterable {
        case analysis
        case ingest
        case read
        case admin
    }
}

extension Settings.Auth {
    init(reading r: MappingReader) {
        self.init()
        for (index, element) in (r.list("token_files") ?? []).enumerated() {
            let path = r.path("token_files[\(index)]")
            if case .text(let file) = element {
                r.checkSecretFile(file, at: path)
                tokenFiles.append(
                    Settings.TokenFile(path: file, name: Settings.TokenFile.name(of: file)))
            } else {
                tokenFiles.append(
                    Settings.TokenFile(
                        reading: MappingReader(element, path: path, context: r.context)))
            }
        }
        r.finish()
    }
}

extension Settings.TokenFile {
    init(reading r: MappingReader) {
        let path = r.plain("path", "")
        if !path.isEmpty { r.checkSecretFile(path, at: r.path("path")) }
        if path.isEmpty {
            r.lacks("path is missing", "name the file of tokens")
        }
        self.init(path: path, name: Self.name(of: path))
        if r.has("name") { name = r.name("name") }
        if r.has("scopes") {
            scopes = []
            for (index, text) in r.texts("scopes").enumerated() {
                if let scope = Settings.TokenScope(rawValue: text) {
                    scopes.append(scope)
                } else {
                    let known = Settings.TokenScope.allCases.map(\.rawValue)
                    r.fault(
                        "scopes[\(index)]", "\(InertText.quoted(text)) is not a scope",
                        Suggestion.remedy(for: text, among: known))
                }
            }
            if r.texts("scopes").isEmpty {
                r.fault("scopes", "its tokens would allow nothing", "write [analysis]")
            }
        }
        r.finish()
    }

    static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}
