import Core

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The nodes that a person works with, by name, as `contexts.yaml` lists them.
///
/// Holds no secret: a token is given by the path of its file. All paths are absolute.
public struct Contexts: Sendable, Equatable {
    /// How commands reach a node.
    public enum Place: Sendable, Equatable {
        /// A running node at an address. The authorities' file is empty for the system's.
        case node(url: String, tokenFile: String, caFile: String)
        /// The data folder that a configuration file names.
        case configuration(String)
    }

    public struct Entry: Sendable, Equatable {
        public var name: String
        public var place: Place

        public init(name: String, place: Place) {
            self.name = name
            self.place = place
        }
    }

    /// Sorted by name.
    public private(set) var entries: [Entry] = []
    /// The name of the entry that commands use; nil if none is chosen.
    public private(set) var current: String?

    public init() {}

    /// The path of the file: below `$XDG_CONFIG_HOME`, else below `~/.config`; nil if neither is
    /// known.
    public static func path(in environment: [String: String]) -> String? {
        func folder(_ name: String) -> String? {
            environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let base = folder("XDG_CONFIG_HOME") ?? folder("HOME").map { "\($0)/.config" }
        return base.map { "\($0)/bellwether/contexts.yaml" }
    }

    /// Reads the file; a missing one has no entries. Blocks on file I/O.
    ///
    /// - Throws: All faults of the file.
    public init(file: String) throws(SettingsFaults) {
        if access(file, F_OK) != 0, errno == ENOENT || errno == ENOTDIR { return }
        let document = YAMLDocument(try Settings.contents(of: file).withoutByteOrderMark)
        let context = ReadingContext(file: file, environment: [:], document: document)
        if document.isWhole { read(MappingReader(document.tree, path: "", context: context)) }
        guard context.faults.isEmpty else {
            throw SettingsFaults(ReadingContext.ordered(context.faults))
        }
    }

    private mutating func read(_ r: MappingReader) {
        current = r.text("current")
        for element in r.mappings("contexts") ?? [] {
            let name = element.name("name")
            if entries.contains(where: { $0.name == name }) {
                element.fault(
                    "name", "\(InertText.quoted(name)) is used twice", "remove one of them")
            }
            let configuration = element.plain("config", "")
            let url = element.plain("url", "")
            let tokenFile = element.plain("token_file", "")
            let caFile = element.plain("ca_file", "")
            if configuration.isEmpty == url.isEmpty || url.isEmpty != tokenFile.isEmpty {
                element.lacks(
                    "does not name one node", "write url and token_file, or config alone")
            }
            element.finish()
            entries.append(
                Entry(
                    name: name,
                    place: url.isEmpty
                        ? .configuration(configuration)
                        : .node(url: url, tokenFile: tokenFile, caFile: caFile)))
        }
        if let current, self[current] == nil {
            r.fault(
                "current", "there is no context \(InertText.quoted(current))",
                "write the name of one")
        }
        r.finish()
        sort()
    }

    public subscript(name: String) -> Entry? { entries.first { $0.name == name } }

    /// The entry that commands use.
    public var chosen: Entry? { current.flatMap { self[$0] } }

    /// Whether a name is a letter and then letters, digits, `_` and `-`, at most 64.
    public static func isName(_ name: String) -> Bool {
        name.utf8.count <= 64 && (name.unicodeScalars.first?.isLetterASCII ?? false)
            && name.unicodeScalars.allSatisfy {
                $0.isLetterASCII || $0.isDigit || $0 == "_" || $0 == "-"
            }
    }

    /// Adds an entry, or replaces the one of the same name. Becomes the current one if there is
    /// none.
    public mutating func add(_ entry: Entry) {
        entries.removeAll { $0.name == entry.name }
        entries.append(entry)
        sort()
        current = current ?? entry.name
    }

    /// Makes an entry the current one. Returns false if there is none of this name.
    public mutating func use(_ name: String) -> Bool {
        guard self[name] != nil else { return false }
        current = name
        return true
    }

    /// Removes an entry; if it was the current one, there is none afterwards. Returns false if
    /// there is none of this name.
    public mutating func remove(_ name: String) -> Bool {
        guard self[name] != nil else { return false }
        entries.removeAll { $0.name == name }
        if current == name { current = nil }
        return true
    }

    private mutating func sort() { entries.sort { $0.name < $1.name } }

    /// The text of the file.
    public var yaml: String {
        var y = YAMLWriter()
        if let current { y.entry("current", current) }
        y.list("contexts", entries) { y, entry in
            y.entry("name", entry.name)
            switch entry.place {
            case .node(let url, let tokenFile, let caFile):
                y.entry("url", url)
                y.entry("token_file", tokenFile)
                if !caFile.isEmpty { y.entry("ca_file", caFile) }
            case .configuration(let file): y.entry("config", file)
            }
        }
        return y.text
    }
}
