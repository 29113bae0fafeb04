import Core

extension Filter {
    /// Parses a filter such as `status=unhealthy deltas.value>1% message~"too few"`.
    ///
    /// - Throws: a fault with its place and a suggestion.
    public init(_ text: String, _ fields: FilterFields = .events) throws(FilterFault) {
        var parser = FilterParser(text, fields)
        self.init(try parser.parse())
    }

    /// Parses one element of a list of conditions: a filter, or `field=value` with spaces in the
    /// value, which lists accepted before.
    public init(entry text: String, _ fields: FilterFields) throws(FilterFault) {
        let fault: FilterFault
        do throws(FilterFault) {
            self = try Filter(text, fields)
            return
        } catch { fault = error }
        // Only where nothing of the value could be meant as a part of a filter.
        guard let sign = text.firstIndex(where: { "!=<>~\"'(),".contains($0) }),
            let comparison = ["!=", "=~", "=", "~"].first(where: { text[sign...].hasPrefix($0) }),
            comparison != "=~"
        else { throw fault }
        let value = text[sign...].dropFirst(comparison.count)
        guard value.contains(" "), !value.contains(where: { "!=<>~\"'(),".contains($0) }),
            value.split(separator: " ").allSatisfy({ !Filter.words.contains($0.lowercased()) })
        else { throw fault }
        let path = text[..<sign].trimmed
        try self.init(
            .term(
                Term.checked(
                    FieldPath.parts(path), comparison == "~" ? .contains : .equal,
                    [FilterValue(String(value), isQuoted: true)], fields)))
        if comparison == "!=" { self = Filter(.not(root)) }
    }

    /// Holds where all of them hold; refuses conditions that never hold together.
    public init(all filters: [Filter], _ fields: FilterFields) throws(FilterFault) {
        self.init(all: filters)
        if case .all(let nodes) = root { try Self.refuseContradiction(nodes, fields) }
    }

    /// Refuses `rollout=a rollout=b`: a field with one value never equals two.
    static func refuseContradiction(
        _ nodes: [Node], _ fields: FilterFields
    ) throws(FilterFault) {
        var equal: [[String]: Term] = [:]
        for case .term(let term) in nodes
        where term.comparison == .equal && fields.hasOneValue(term.path) {
            let value = term.values[0]
            guard value.wildcard == nil else { continue }
            guard let other = equal.updateValue(term, forKey: term.path) else { continue }
            let isSame =
                other.values[0].text == value.text
                || other.numbers[0] != nil && other.numbers[0] == term.numbers[0]
            guard isSame else {
                let field = term.path.joined(separator: ".")
                throw FilterFault(
                    part: "\(field)=\(value.spelling)",
                    fault: "\(field) never has two values at once",
                    remedy:
                        "write \(field) in (\(other.values[0].spelling), \(value.spelling)) for either one"
                )
            }
        }
    }

    /// A condition of a mapping: the field equals one of the values, which may have wildcards.
    public init(
        field: String, values: [String], _ fields: FilterFields
    ) throws(FilterFault) {
        self.init(
            .term(
                try Term.checked(
                    FieldPath.parts(field), values.count == 1 ? .equal : .isIn,
                    values.map { FilterValue($0) }, fields)))
    }
}
