import JSON

/// A parser of the filter language, by recursive descent.
struct FilterParser {
    private let text: String
    private let fields: FilterFields
    private var rest: Substring
    private var depth = 0
    private var terms = 0

    /// The most bytes, terms and nested parentheses of a filter.
    private static let most = (bytes: 8192, terms: 200, depth: 32)
    private static let signs = ["!=", "=~", ">=", "<=", "=", ">", "<", "~"]

    init(_ text: String, _ fields: FilterFields) {
        self.text = text
        self.fields = fields
        rest = Substring(text)
    }

    // MARK: - Faults

    /// - Parameter start: Where the fault is; its part ends at the next white space.
    private func fault(
        at start: Substring, _ fault: String, _ remedy: String
    ) -> FilterFault {
        let part = start.prefix { !$0.isWhitespace }
        return placed(
            FilterFault(part: String(part.prefix(200)), fault: fault, remedy: remedy), at: start)
    }

    private func placed(_ fault: FilterFault, at start: Substring) -> FilterFault {
        var fault = fault
        fault.column = text.distance(from: text.startIndex, to: start.startIndex) + 1
        return fault
    }

    // MARK: - Conditions

    mutating func parse() throws(FilterFault) -> Filter.Node {
        guard text.utf8.count <= Self.most.bytes else {
            throw fault(
                at: rest, "the filter is longer than \(Self.most.bytes) bytes", "shorten it")
        }
        skipSpace()
        if rest.isEmpty { return .all([]) }
        let node = try alternatives()
        skipSpace()
        guard rest.isEmpty else {
            throw fault(at: rest, "nothing opens this parenthesis", "remove it, or quote the value")
        }
        return node
    }

    private mutating func alternatives() throws(FilterFault) -> Filter.Node {
        var nodes = [try conjunction()]
        while eat(word: "or") { nodes.append(try conjunction()) }
        return nodes.count == 1
            ? nodes[0]
            : .any(nodes.flatMap { if case .any(let inner) = $0 { inner } else { [$0] } })
    }

    private mutating func conjunction() throws(FilterFault) -> Filter.Node {
        var nodes = [try unary()]
        while true {
            skipSpace()
            if rest.isEmpty || rest.first == ")" || isNext(word: "or") { break }
            try refuseComma()
            _ = eat(word: "and")
            nodes.append(try unary())
        }
        let flat = nodes.flatMap { node -> [Filter.Node] in
            if case .all(let inner) = node { inner } else { [node] }
        }
        try Filter.refuseContradiction(flat, fields)
        return nodes.count == 1 ? nodes[0] : .all(flat)
    }

    private mutating func unary() throws(FilterFault) -> Filter.Node {
        skipSpace()
        let start = rest
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.most.depth else {
            throw fault(at: start, "nested too deeply", "use fewer parentheses")
        }
        if eat(word: "not") { return .not(try unary()) }
        if rest.first == "(" {
            rest = rest.dropFirst()
            skipSpace()
            guard rest.first != ")" else {
                throw fault(at: start, "nothing between the parentheses", "remove them")
            }
            let node = try alternatives()
            skipSpace()
            guard rest.first == ")" else {
                throw fault(at: start, "the parenthesis is not closed", "close it with )")
            }
            rest = rest.dropFirst()
            return node
        }
        return try condition()
    }

    private mutating func skipSpace() { rest = rest.drop { $0.isWhitespace } }

    /// Whether a word that is no field comes next: `or=1` names a field.
    private func isNext(word: String) -> Bool {
        let next = rest.drop { $0.isWhitespace }
        guard next.prefix(word.count).lowercased() == word else { return false }
        let after = next.dropFirst(word.count)
        return after.first.map { $0.isWhitespace || "(),".contains($0) } ?? true
    }

    private mutating func eat(word: String) -> Bool {
        guard isNext(word: word) else { return false }
        skipSpace()
        rest = rest.dropFirst(word.count)
        return true
    }

    private func refuseComma() throws(FilterFault) {
        guard rest.first == "," else { return }
        throw fault(
            at: rest, "a comma joins nothing",
            "write and between conditions, or field in (a, b)")
    }

    // MARK: - Terms

    private mutating func condition() throws(FilterFault) -> Filter.Node {
        let start = rest
        terms += 1
        guard terms <= Self.most.terms else {
            throw fault(at: start, "more than \(Self.most.terms) conditions", "use in (a, b)")
        }
        let path = try field()
        let behind = rest
        skipSpace()
        let isApart = rest.startIndex != behind.startIndex
        if isApart, eat(word: "in") { return try list(path, start) }
        if isApart, isNext(word: "not") {
            _ = eat(word: "not")
            guard eat(word: "in") else {
                throw fault(at: start, "no comparison", "write not before the field")
            }
            return .not(try list(path, start))
        }
        guard let sign = Self.signs.first(where: { rest.hasPrefix($0) }) else {
            throw noComparison(start, path)
        }
        rest = rest.dropFirst(sign.count)
        if let next = rest.first, "=!<>~".contains(next) {
            throw fault(at: start, "unknown comparison", Self.remedy(sign + String(next)))
        }
        let value = try value(start, inList: false)
        let comparison: Filter.Term.Comparison =
            sign == "!=" ? .equal : .init(rawValue: sign) ?? .equal
        let node = try term(path, comparison, [value], start)
        return sign == "!=" ? .not(node) : node
    }

    private func term(
        _ path: [String], _ comparison: Filter.Term.Comparison, _ values: [FilterValue],
        _ start: Substring
    ) throws(FilterFault) -> Filter.Node {
        do throws(FilterFault) {
            return .term(try Filter.Term.checked(path, comparison, values, fields))
        } catch { throw placed(error, at: start) }
    }

    private mutating func field() throws(FilterFault) -> [String] {
        let start = rest
        try refuseComma()
        let name: String
        if rest.first == "\"" {
            name = try quoted(start)
        } else {
            name = String(rest.prefix { !"=!<>~\"'(),".contains($0) && !$0.isWhitespace })
            rest = rest.dropFirst(name.count)
        }
        guard !name.isEmpty else {
            let isSign = rest.first.map { "=!<>~".contains($0) } ?? false
            if isSign, rest.first == "!", !rest.hasPrefix("!=") {
                throw fault(at: start, "unknown comparison", "write not before the condition")
            }
            throw fault(
                at: start,
                isSign ? "no field before the comparison" : "a condition is missing",
                "write field=value")
        }
        if Filter.words.contains(name.lowercased()), rest.first?.isWhitespace ?? true {
            throw fault(
                at: start, "a condition is missing \(name == "not" ? "after" : "before") \(name)",
                "write one, or remove \(name)")
        }
        if let joint = ["&&": "and", "&": "and", "||": "or", "|": "or"][name] {
            throw fault(at: start, "unknown word", "write \(joint)")
        }
        let path = FieldPath.parts(name)
        guard path.allSatisfy({ !$0.isEmpty }) else {
            throw fault(
                at: start, "empty part in the path", "write names joined by single dots")
        }
        return path
    }

    private func noComparison(_ start: Substring, _ path: [String]) -> FilterFault {
        if let next = rest.first, "=!<>~".contains(next) {
            return fault(at: start, "unknown comparison", Self.remedy(String(rest.prefix(2))))
        }
        if start.startIndex != text.startIndex {
            return fault(
                at: start, "no comparison",
                "write field=value, or quote a value with spaces: message~\"too few\"")
        }
        return fault(at: start, "no comparison", "write \(path.joined(separator: "."))=value")
    }

    private static func remedy(_ sign: String) -> String {
        switch sign {
        case "==": "write ="
        case "!~": "write not before the condition, and ~ or =~"
        case "<>": "write !="
        default: "use one of = != > < >= <= ~ =~, and quote a value that starts with one of them"
        }
    }

    // MARK: - Values

    private mutating func list(
        _ path: [String], _ start: Substring
    ) throws(FilterFault) -> Filter.Node {
        skipSpace()
        guard rest.first == "(" else {
            throw fault(at: start, "in needs a list", "write in (a, b)")
        }
        let open = rest
        rest = rest.dropFirst()
        var values: [FilterValue] = []
        while true {
            skipSpace()
            if rest.first == "," || rest.first == ")" {
                throw fault(
                    at: rest.first == "," ? rest : open, "a value of the list is missing",
                    "write in (a, b), and \"\" for an empty value")
            }
            values.append(try value(start, inList: true))
            skipSpace()
            guard let next = rest.popFirst() else {
                throw fault(at: open, "the list is not closed", "close it with )")
            }
            if next == ")" { break }
            guard next == "," else {
                throw fault(
                    at: start, "no comma between the values",
                    "write in (a, b), and quote values with spaces")
            }
        }
        return try term(path, .isIn, values, start)
    }

    private mutating func value(
        _ start: Substring, inList: Bool
    ) throws(FilterFault) -> FilterValue {
        let sign = rest
        skipSpace()
        let isApart = sign.startIndex != rest.startIndex
        if rest.first == "\"" || rest.first == "'" {
            let text = try quoted(start)
            guard rest.first.map({ $0.isWhitespace || "),".contains($0) }) ?? true else {
                throw fault(
                    at: start, "something follows the quoted value", "put a space after the quote")
            }
            return FilterValue(text, isQuoted: true)
        }
        var open = 0
        let word = rest.prefix { character in
            if character == "(" { open += 1 }
            if character == ")" {
                open -= 1
                return open >= 0
            }
            return !character.isWhitespace && !(inList && character == ",")
        }
        guard !word.isEmpty else {
            throw fault(
                at: start, "no value after the comparison",
                "write the value behind it, or \"\" for an empty one")
        }
        if word.last == "," || word.contains(",") && !inList {
            throw fault(
                at: start, "a comma joins nothing",
                "write and between conditions, field in (a, b), or quote a value with a comma")
        }
        if word.contains("\"") {
            throw fault(
                at: start, "a quote inside the value", "quote the whole value as in JSON")
        }
        if open > 0 {
            throw fault(
                at: start, "a parenthesis of the value is not closed",
                "quote the value, or write field in (a, b)")
        }
        // `rollout= az=x` lacks a value.
        if isApart, word.contains(where: { "=<>~!".contains($0) }) {
            throw fault(
                at: start, "no value after the comparison",
                "write the value behind it, or \"\" for an empty one")
        }
        rest = rest.dropFirst(word.count)
        return FilterValue(String(word))
    }

    /// Takes a text in quotes: a JSON string, or any text without `'` between two of them.
    private mutating func quoted(_ start: Substring) throws(FilterFault) -> String {
        let fault = fault(
            at: start, "the quoted value doesn't end",
            "close it with \" and escape as in JSON, or use '…' without escapes")
        if rest.first == "'" {
            let inner = rest.dropFirst().prefix { $0 != "'" }
            let after = rest.dropFirst(inner.count + 1)
            guard after.first == "'" else { throw fault }
            rest = after.dropFirst()
            return String(inner)
        }
        var isEscaped = false
        var length = 1
        for character in rest.dropFirst() {
            length += 1
            if isEscaped {
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                let bytes = Array(rest.prefix(length).utf8)
                let limits = JSONLimits(maxBytes: bytes.count, maxDepth: 1)
                guard let text = (try? JSONValue(parsing: bytes, limits: limits))?.string else {
                    break
                }
                rest = rest.dropFirst(length)
                return text
            }
        }
        throw fault
    }
}
