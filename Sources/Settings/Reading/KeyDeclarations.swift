/// The keys that the readers of the configuration request, with types, defaults and ranges.
///
/// The readers declare each key as they read it, so the list cannot differ from what is accepted.
/// `docs/configuration.md` is checked against it. Not thread-safe.
final class KeyDeclarations {
    struct Key: Equatable {
        /// With indices, such as `analysis.probes[0].name`.
        var path: String
        /// Empty if no reader gave the key a type.
        var type = ""
        /// Empty if there is none, or if it depends on other keys.
        var standard = ""
        var range = ""
        /// Whether the readers check the key's presence first, so that there is no default.
        fileprivate var isOptional = false
    }

    private(set) var keys: [Key] = []
    private var places: [String: Int] = [:]

    /// The type of a text without a narrower one.
    static let text = "text"

    /// Adds what a reader knows about a key. What an earlier reader declared stays, except that
    /// any type is narrower than `text`.
    func declare(_ path: String, type: String = "", standard: String = "", range: String = "") {
        let place = place(path)
        if keys[place].type.isEmpty || keys[place].type == Self.text, !type.isEmpty {
            keys[place].type = type
        }
        if keys[place].standard.isEmpty, !keys[place].isOptional { keys[place].standard = standard }
        if keys[place].range.isEmpty { keys[place].range = range }
    }

    /// Notes that the readers check whether the key is present. A default that is declared later is
    /// that of a present key.
    func declareOptional(_ path: String) { keys[place(path)].isOptional = true }

    private func place(_ path: String) -> Int {
        if let known = places[path] { return known }
        places[path] = keys.count
        keys.append(Key(path: path))
        return keys.count - 1
    }
}

extension Settings {
    /// Returns the keys that are read from `text`, also if it has faults.
    static func declarations(readFrom text: String) -> [KeyDeclarations.Key] {
        let document = YAMLDocument(text)
        let context = ReadingContext(file: "", environment: [:], document: document)
        let declarations = KeyDeclarations()
        context.declarations = declarations
        _ = Settings(reading: MappingReader(document.tree, path: "", context: context))
        return declarations.keys
    }
}

extension MappingReader {
    func declare(_ key: String, _ type: String, standard: String = "", range: String = "") {
        context.declarations?.declare(path(key), type: type, standard: standard, range: range)
    }

    /// Whether the member has a value other than `word`, which stands for the default.
    func has(_ key: String, besides word: String) -> Bool {
        declare(key, "", standard: word)
        return has(key) && text(key) != word
    }
}
