/// Hands out the members of one mapping by name, each as what its key means,
/// and says at the end which members nobody asked for.
///
/// Every fault goes to the context, and the default is handed out in its place,
/// so that reading goes on and all faults are found at once.
final class MappingReader {
    let path: String
    let context: ReadingContext
    /// Whether something else stands in the mapping's place, which was told already.
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
                path, "\(text.quoted) is not a mapping", "write key: value lines, indented")
        case .list:
            (members, isMisplaced) = ([], true)
            context.fault(path, "a list, not a mapping", "write key: value lines without dashes")
        }
    }

    /// The path of a member.
    func path(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func fault(_ key: String, _ fault: String, _ remedy: String, atKey: Bool = false) {
        context.fault(path(key), fault, remedy, atKey: atKey)
    }

    /// A fault of the mapping itself: what it lacks.
    func lacks(_ fault: String, _ remedy: String) {
        if !isMisplaced { context.fault(path, fault, remedy) }
    }

    func warn(_ key: String, _ fault: String, _ remedy: String) {
        context.warn(path(key), fault, remedy)
    }

    /// Whether the member was given with a value.
    func has(_ key: String) -> Bool {
        switch value(key) {
        case nil, .empty: false
        default: true
        }
    }

    /// The member's value; nil when absent. Marks the key as known.
    func value(_ key: String) -> YAMLTree? {
        if !asked.contains(key) { asked.append(key) }
        return members.first { $0.key == key }?.value
    }

    /// Every key, in the order of the file.
    var keys: [String] { members.map(\.key) }

    /// Reports the members that nobody asked for.
    func finish() {
        for key in keys where !asked.contains(key) {
            context.fault(
                path(key), "unknown key", Suggestion.remedy(for: key, among: asked), atKey: true)
        }
    }

    // MARK: - Containers

    /// A mapping below this one; absent reads as empty.
    func mapping(_ key: String) -> MappingReader {
        MappingReader(value(key), path: path(key), context: context)
    }

    /// A list of mappings; nil when absent.
    func mappings(_ key: String) -> [MappingReader]? {
        list(key)?.enumerated().map { index, element in
            MappingReader(element, path: "\(path(key))[\(index)]", context: context)
        }
    }

    /// A list; nil when absent or not one.
    func list(_ key: String) -> [YAMLTree]? {
        switch value(key) {
        case nil, .empty: return nil
        case .list(let elements): return elements
        case .some(let other):
            fault(key, "\(other.kind), not a list", "write [a, b], or lines that begin with a dash")
            return nil
        }
    }
}
