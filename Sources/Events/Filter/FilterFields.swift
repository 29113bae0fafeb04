/// The fields that a filter may name, with their types.
public struct FilterFields: Sendable, Equatable {
    private let members: [EventMember]
    /// Whether other fields, and values of other types, are accepted.
    public private(set) var acceptsAny = false
    /// How to make further fields known; empty if that is not possible.
    private let further: String
    /// The fields that never have several values.
    private let single: Set<String>

    private init(_ members: [EventMember], single: [String], further: String = "") {
        self.members = members
        self.single = Set(single)
        self.further = further
    }

    /// The fields of events.
    public static let events = FilterFields(
        EventMember.all,
        single: EventField.allCases.filter { $0 != .deltas && $0 != .reasons }.map(\.name))

    /// The fields of digests: those by which they are grouped, and `EventMember.digest`.
    public static func digests(groupBy: [String]) -> FilterFields {
        let own = EventMember.digest.map(\.name)
        return FilterFields(
            groupBy.filter { !own.contains($0) }.map { EventMember($0, .text) }
                + EventMember.digest,
            // A digest reports several zones, nodes, metrics and events, and its kind has two names.
            single: groupBy.filter { !own.contains($0) } + ["status", "worst", "level"],
            further: ", and those of digest.group_by")
    }

    /// Whether a field of the known ones never has several values.
    func hasOneValue(_ path: [String]) -> Bool { single.contains(path.joined(separator: ".")) }

    /// The same fields, and any other one.
    public var orAny: FilterFields {
        var fields = self
        fields.acceptsAny = true
        return fields
    }

    /// Returns the type at the end of a path.
    ///
    /// - Throws: a fault with a suggestion for a path that leads nowhere.
    public func type(of path: [String]) throws(FilterFault) -> FieldType {
        if acceptsAny, let type = try? knownType(of: path) { return type }
        return acceptsAny ? .any : try knownType(of: path)
    }

    /// Checks a dotted path, such as one of `--fields` or `--count-by`.
    public func check(path text: String) throws(FilterFault) {
        let path = FieldPath.parts(text)
        guard path.allSatisfy({ !$0.isEmpty }) else {
            throw FilterFault(
                part: text, fault: text.isEmpty ? "no field" : "empty part in the path",
                remedy: text.isEmpty
                    ? "remove the comma beside it, or name a field"
                    : "write names joined by single dots")
        }
        _ = try type(of: path)
    }

    private func knownType(of path: [String]) throws(FilterFault) -> FieldType {
        let text = path.joined(separator: ".")
        // The name of a field of a group may have dots.
        if let member = members.first(where: { $0.name == text }) { return member.type }
        guard let member = members.first(where: { $0.name == path[0] }) else {
            throw unknown(path[0], in: members, before: [], after: path.dropFirst(), text)
        }
        return try type(of: path[...], at: 0, member.type, text)
    }

    /// - Parameter place: The index of the part that leads to `type`.
    private func type(
        of path: ArraySlice<String>, at place: Int, _ type: FieldType, _ text: String
    ) throws(FilterFault) -> FieldType {
        let next = place + 1
        guard next < path.endIndex else { return type }
        let (before, after) = (path[..<next], path[(next + 1)...])
        switch type {
        case .any: return .any
        case .object(let members, let isOpen):
            if let member = members.first(where: { $0.name == path[next] }) {
                return try self.type(of: path, at: next, member.type, text)
            }
            let isNear = Suggestion.nearest(to: path[next], among: members.map(\.name)) != nil
            if isOpen, !isNear { return .any }
            throw unknown(path[next], in: members, before: before, after: after, text)
        case .list(let key, let members):
            if after.isEmpty, Int(path[next]) != nil { return .object(members, isOpen: false) }
            for part in after.isEmpty ? [] : path[next..<(path.endIndex - 1)] {
                guard part == "*" || Int(part).map({ $0 < 0 }) ?? false else { continue }
                let direct = (path[..<next] + [path[path.endIndex - 1]]).joined(separator: ".")
                throw FilterFault(
                    part: text, fault: "\(part) is no element of \(path[next - 1])",
                    remedy: "write \(direct), which tries each element, or a number from 0",
                    isLiftedByAnyField: true)
            }
            // Parts before the member select elements, by their number or by the text of `key`.
            if let member = members.first(where: { $0.name == path[path.endIndex - 1] }) {
                return member.type
            }
            let last = path[path.endIndex - 1]
            if let near = Suggestion.nearest(to: last, among: members.map(\.name)) {
                throw unknown(
                    last, in: members.filter { $0.name == near },
                    before: path[..<(path.endIndex - 1)], after: [], text)
            }
            throw FilterFault(
                part: text, fault: "\(last) is no member of \(path[0])",
                remedy: key == "metric"
                    ? "did you mean \(text).value?"
                    : "known are " + members.map(\.name).joined(separator: ", "),
                isLiftedByAnyField: true)
        default:
            throw FilterFault(
                part: text, fault: "\(before.joined(separator: ".")) has no members",
                remedy: "write \(before.joined(separator: "."))", isLiftedByAnyField: true)
        }
    }

    private func unknown(
        _ name: String, in members: [EventMember], before: ArraySlice<String>,
        after: ArraySlice<String>, _ text: String
    ) -> FilterFault {
        let known = members.map(\.name)
        let remedy: String
        if let near = Suggestion.nearest(to: name, among: known) {
            remedy = "did you mean \((before + [near] + after).joined(separator: "."))?"
        } else if known.count > 24 {
            // The first ones are those that every event may have.
            remedy =
                "known are \(known.prefix(18).joined(separator: ", ")) and others, see docs/filters.md"
        } else {
            remedy = "known are \(known.joined(separator: ", "))\(further)"
        }
        return FilterFault(
            part: text, fault: "there is no field \((before + [name]).joined(separator: "."))",
            remedy: remedy, isLiftedByAnyField: true)
    }
}
