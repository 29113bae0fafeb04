import Core
import Events
import JSON
import Server

/// Reads hook payloads with length limits, so that no sender can make an event too long for the
/// log.
enum HookText {
    /// The maximum length of a name in bytes: the limit of Kubernetes names.
    static let name = 253
    /// The maximum length of a message in bytes.
    static let message = 4096
    /// The maximum length in bytes of one label or annotation, and the maximum number of them.
    static let value = 512
    static let values = 40
    /// About the memory of one event while it is converted, in bytes.
    static let eventBytes = 1024

    /// The text at a path of members. A number returns its digits. Nil if the value is absent, an
    /// empty string or of another type.
    static func at(_ tree: JSONValue?, _ path: String..., limit: Int = name) -> String? {
        var value = tree
        for key in path { value = value?[key] }
        switch value {
        case .string(let text) where !text.isEmpty: return text.cut(to: limit, .utf8)
        case .number(let text): return text.cut(to: limit, .utf8)
        default: return nil
        }
    }

    /// The text of the count at `key`; nil if it is absent, empty or of another type.
    ///
    /// - Throws: 400 for a number out of range.
    static func count(_ tree: JSONValue?, _ key: String, in place: String = "")
        throws(Problem) -> String?
    {
        guard let text = at(tree, key) else { return nil }
        if let value = tree?[key], Count.read(value) == .outside {
            throw outside(place + key, Count.expected, text)
        }
        return text
    }

    private static func outside(_ field: String, _ expected: String, _ text: String) -> Problem {
        .malformed(
            "number_out_of_range", "\(field) must be \(expected), not \(text.cut(to: 64, .utf8))",
            field: field)
    }

    /// The text members of an object, limited in number and length.
    static func labels(_ tree: JSONValue?, except hidden: Set<String> = []) -> JSONValue {
        guard case .object(let members) = tree else { return .object([]) }
        var kept: [JSONValue.Member] = []
        for member in members where kept.count < values && !hidden.contains(member.key) {
            guard let text = at(member.value, limit: value) else { continue }
            kept.append(.init(member.key.cut(to: name, .utf8), .string(text)))
        }
        return .object(kept)
    }

    /// The number of members that `labels` leaves out, as a member of the event; empty if it keeps
    /// all that have a value.
    static func leftOut(
        _ tree: JSONValue?, except hidden: Set<String> = [], as name: String
    ) -> [JSONValue.Member] {
        guard case .object(let members) = tree else { return [] }
        let given = members.count {
            !hidden.contains($0.key) && $0.value != .null && $0.value != .string("")
        }
        guard case .object(let kept) = labels(tree, except: hidden), given > kept.count else {
            return []
        }
        return [.init(name, .number(String(given -| kept.count)))]
    }

    /// The event without its largest extra members, so that it fits a line of the log. The member
    /// `cut` lists the removed keys.
    static func fitting(_ event: Event) -> Event {
        var event = event
        var cut: [JSONValue] = []
        while event.line.count > JSONLimits.event.maxBytes - 1024 {
            let sizes = event.extra.map { member in
                var writer = JSONWriter()
                writer.value(member.value)
                return writer.bytes.count
            }
            guard let largest = sizes.indices.max(by: { sizes[$0] < sizes[$1] }) else { break }
            cut.append(.string(event.extra.remove(at: largest).key))
        }
        if !cut.isEmpty { event.extra.append(.init("cut", .array(cut))) }
        return event
    }

    /// A content hash of the parts: equal for equal parts only.
    static func id(_ parts: String?...) -> String {
        var writer = JSONWriter()
        writer.array { w in for part in parts { w.value(part.map(JSONValue.string) ?? .null) } }
        return "\(HookIdentifier.prefix)\(ContentHash.hex(writer.bytes).prefix(32))"
    }
}
