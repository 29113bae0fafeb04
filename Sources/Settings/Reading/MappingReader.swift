import Core
import Events

/// Reads the members of one mapping by key and type, and reports unknown keys.
///
/// Faults are added to the context, and the default is returned instead. Reading continues, so that
/// one pass finds all faults.
final class MappingReader {
    let path: String
    let context: ReadingContext
    /// Whether the value is not a mapping. That fault has already been reported.
    private let isMisplaced: Bool
    private let members: [YAMLTree.Member]
    private var asked: [String] = []

    init(_ tree: YAMLTree?, path: String, context: ReadingContext) {
        self.path = path
        self.context = context
        switch tree {
        case nil, .empty: (members, isMisplaced) = ([], false)
        case .mapping(let given): (members, isMisplaced) = (given, false)
        case .text(let text):
            (members, isMisplaced) = ([], true)
            context.fault(
                path, "\(InertText.quoted(text)) is not a mapping",
                "write key: value lines, indented")
        case .list:
            (members, isMisplaced) = ([], true)
            context.fault(path, "a list, not a mapping", "write key: value lines without dashes")
        }
    }

    /// Returns the path of a member.
    func path(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func fault(_ key: String, _ fault: String, _ remedy: String, atKey: Bool = false) {
        context.fault(path(key), fault, remedy, atKey: atKey)
    }

    /// Reports a fault of the mapping itself, such as a missing key.
    func lacks(_ fault: String, _ remedy: String) {
        if !isMisplaced { context.fault(path, fault, remedy) }
    }

    func warn(_ key: String, _ fault: String, _ remedy: String) {
        context.warn(path(key), fault, remedy)
    }

    /// Whether the member is present and has a value.
    func has(_ key: String) -> Bool {
        context.declarations?.declareOptional(path(key))
        return switch value(key) {
        case nil, .empty: false
        default: true
        }
    }

    /// Returns the member's value, or nil when absent, and marks the key as known.
    func value(_ key: String) -> YAMLTree? {
        if !asked.contains(key) { asked.append(key) }
        context.declarations?.declare(path(key))
        return members.first { $0.key == key }?.value
    }

    /// All keys, in file order.
    var keys: [String] { members.map(\.key) }

    /// Reports every key that was never read.
    func finish() {
        for key in keys where !asked.contains(key) {
            context.fault(
                path(key), "unknown key", Suggestion.remedy(for: key, among: asked), atKey: true)
        }
    }

    // MARK: - Containers

    /// Returns a reader of a nested mapping; an absent one reads as empty.
    func mapping(_ key: String) -> MappingReader {
        declare(key, "mapping")
        return MappingReader(value(key), path: path(key), context: context)
    }

    /// Returns readers of a list of mappings; nil when absent.
    func mappings(_ key: String) -> [MappingReader]? {
        declare(key, "list of mappings")
        return list(key)?.enumerated().map { index, element in
            MappingReader(element, path: "\(path(key))[\(index)]", context: context)
        }
    }

    /// Returns a list; nil when absent or not a list.
    func list(_ key: String) -> [YAMLTree]? {
        declare(key, "list")
        switch value(key) {
        case nil, .empty: return nil
        case .list(let elements): return elements
        case .some(let other):
            fault(key, "\(other.kind), not a list", "write [a, b], or lines that begin with a dash")
            return nil
        }
    }
}
