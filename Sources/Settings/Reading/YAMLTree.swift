/// A YAML document as the readers see it: text, lists, mappings.
///
/// What a text means (a number, a duration, a name) is decided by the key that
/// asks for it, never guessed from its looks: `no` can be a namespace.
indirect enum YAMLTree: Sendable, Equatable {
    /// Nothing, `~` or `null` without quotes.
    case empty
    case text(String)
    case list([YAMLTree])
    case mapping([Member])

    struct Member: Sendable, Equatable {
        var key: String
        var value: YAMLTree
    }

    /// How messages name what was found.
    var kind: String {
        switch self {
        case .empty: "nothing"
        case .text: "a text"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// A line and a column of the file, from 1.
struct YAMLPlace: Sendable, Equatable, Comparable {
    var line: Int
    var column: Int

    static func < (a: YAMLPlace, b: YAMLPlace) -> Bool { (a.line, a.column) < (b.line, b.column) }
}
