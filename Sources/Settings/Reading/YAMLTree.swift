/// A YAML document as texts, lists and mappings.
///
/// The type of a text (number, duration, name) depends on the key that reads it, not on its form:
/// `no` can be a namespace.
indirect enum YAMLTree: Sendable, Equatable {
    /// An empty value, or `~` or `null` without quotes.
    case empty
    case text(String)
    case list([YAMLTree])
    case mapping([Member])

    struct Member: Sendable, Equatable {
        var key: String
        var value: YAMLTree
    }

    /// The name of this kind of value in messages.
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
