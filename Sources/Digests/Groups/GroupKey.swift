import Events
import JSON

/// The identity of a group: the values of the grouping fields in the settings.
public struct GroupKey: Sendable, Hashable {
    public struct Field: Sendable, Hashable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// In the order of the settings; absent fields are left out.
    public let fields: [Field]
    /// The fields as one JSON object: the group's key in the database.
    public let text: String

    public init(_ fields: [Field]) {
        self.fields = fields
        var writer = JSONWriter(capacity: 96)
        writer.object { w in for field in fields { w.member(field.name, field.value) } }
        text = writer.text
    }

    /// The group of a line. A line without any of the fields belongs to the group
    /// of its node.
    init(of line: EventView, by names: [String]) {
        var fields: [Field] = []
        for name in names {
            guard let value = line.value(of: name), !value.isEmpty,
                !fields.contains(where: { $0.name == name })
            else { continue }
            fields.append(Field(name, Self.bounded(value)))
        }
        if fields.isEmpty {
            fields = [Field("node", Self.bounded(line.text(.node) ?? "bellwether"))]
        }
        self.init(fields)
    }

    /// Parses the form of `text`; nil if it is not a JSON object.
    init?(text: String) {
        guard let tree = try? JSONValue(parsing: Array(text.utf8), limits: .event),
            case .object(let members) = tree
        else { return nil }
        self.init(members.map { Field($0.key, $0.value.string ?? "") })
    }

    /// The group of lines that get no group of their own because the table is full.
    static let overflow = GroupKey([Field("group", "(more groups than can be told apart)")])

    public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// A condition for a silence: of the rollout in every revision, or of the whole group.
    public var silenceFilter: Filter {
        let named = ["namespace", "rollout"]
        let wanted = self["rollout"] == nil ? fields : fields.filter { named.contains($0.name) }
        return Filter(all: wanted.map { Filter.equal($0.name, $0.value) })
    }

    /// Cuts a long value and appends a hash of all of it, so that it stays unique.
    private static func bounded(_ value: String) -> String {
        guard value.utf8.count > Bounds.name else { return value }
        return value.clipped(to: Bounds.name - 10) + "#" + ContentHash.hex(value.utf8).prefix(8)
    }
}

extension EventView {
    /// The text of a field by name, for grouping and matching; nil when absent.
    /// Numbers and flags give their JSON text.
    func value(of name: String) -> String? {
        switch name {
        case "namespace": return text(.namespace)
        case "rollout": return text(.rollout)
        case "revision": return text(.revision)
        case "concern": return text(.concern)
        case "node": return text(.node)
        case "az": return text(.az)
        case "event": return text(.event)
        case "level": return level.rawValue
        case "status": return status?.rawValue
        case "policy": return text(.policy)
        case "binary": return text(.binary)
        case "epoch": return text(.epoch)
        case "message": return text(.message)
        case "attempt": return attempt.map(String.init)
        default: break
        }
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)[...]
        var value = extra(name) ?? parts.popFirst().flatMap { extra(String($0)) }
        if extra(name) == nil {
            for part in parts { value = value?[String(part)] }
        }
        switch value {
        case .string(let text), .number(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        default: return nil
        }
    }
}
