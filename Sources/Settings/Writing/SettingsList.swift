/// The text of `Settings.describe()` as keys and values, to compare two of them.
///
/// A key is a path such as `listen.address`; an element of a list is named by its `name` or `id`,
/// else by its number: `receivers[oncall].timeout`.
public struct SettingsList: Sendable, Equatable {
    public struct Change: Sendable, Equatable {
        public let key: String
        /// nil if the key is new, or gone.
        public let old: String?
        public let new: String?
    }

    /// In the order of the text.
    public private(set) var entries: [(key: String, value: String)] = []

    public static func == (a: SettingsList, b: SettingsList) -> Bool {
        a.entries.elementsEqual(b.entries) { $0 == $1 }
    }

    /// - Parameter text: Block YAML with two spaces for a level, as `describe()` writes it.
    public init(_ text: String) {
        // The path at each level, and how many elements its list has had.
        var path: [Int: String] = [:]
        var elements: [Int: Int] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            var depth = line.prefix { $0 == " " }.count / 2
            var content = line.drop { $0 == " " }
            if content.hasPrefix("- ") {
                content = content.dropFirst(2)
                let (key, value) = Self.pair(content)
                let number = elements[depth, default: 0]
                elements[depth] = number + 1
                let name = ["name", "id"].contains(key) ? value : "\(number)"
                path[depth + 1] = (path[depth] ?? "") + "[\(name)]"
                depth += 1
            }
            for level in elements.keys where level > depth { elements[level] = nil }
            guard content.contains(":") else {
                // An element that is one text.
                entries.append((path[depth] ?? "", String(content)))
                continue
            }
            let (key, value) = Self.pair(content)
            let above = path[depth] ?? ""
            let full = above.isEmpty ? key : "\(above).\(key)"
            if value.isEmpty {
                path[depth + 1] = full
                elements[depth + 1] = nil
            } else {
                entries.append((full, value))
            }
        }
    }

    private static func pair(_ content: Substring) -> (key: String, value: String) {
        guard let colon = content.firstIndex(of: ":") else { return (String(content), "") }
        return (
            String(content[..<colon]),
            String(content[content.index(after: colon)...].drop { $0 == " " })
        )
    }

    /// What is different from `old`: changed and new keys in this order, then those that are gone.
    public func changes(since old: SettingsList) -> [Change] {
        let before = Dictionary(old.entries.map { ($0.key, $0.value) }) { first, _ in first }
        let after = Dictionary(entries.map { ($0.key, $0.value) }) { first, _ in first }
        let changed = entries.compactMap { entry -> Change? in
            before[entry.key] == entry.value
                ? nil : Change(key: entry.key, old: before[entry.key], new: entry.value)
        }
        let gone = old.entries.filter { after[$0.key] == nil }
        return changed + gone.map { Change(key: $0.key, old: $0.value, new: nil) }
    }
}
