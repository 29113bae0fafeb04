import JSON

/// Go's `text/template` with the functions of the notifications engine, as far as the shipped
/// ConfigMap uses them. Strict: what Go would fail on, and what is not known here, is an error.
///
/// By the documentation of `text/template`: a missing key of a map is no value, and stays none
/// along a chain of fields; a field of `null` is an error, and so is an index out of range.
struct GoTemplate {
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    private indirect enum Node {
        case text(String)
        case action(variable: String?, declares: Bool, Expression)
        case block(Kind, variables: [String], Expression, body: [Node])
    }

    private enum Kind: String { case `if`, with, range }

    private indirect enum Expression {
        case call(String, [Expression])
        /// The root `$name` or the dot if empty, and the fields after it.
        case chain(root: String, fields: [String])
        case literal(JSONValue)
    }

    private let nodes: [Node]

    init(_ source: String) throws(Fault) {
        var pieces = Self.pieces(of: source)[...]
        nodes = try Self.parse(&pieces, isInner: false)
    }

    /// Renders with the variables as the root's members.
    func render(_ root: JSONValue) throws(Fault) -> String {
        var scopes: [[String: JSONValue?]] = [["$": root]]
        return try Self.render(nodes, dot: root, &scopes)
    }

    // MARK: - Parsing

    private enum Piece {
        case text(String)
        case action(String)
    }

    private static func pieces(of source: String) -> [Piece] {
        var pieces: [Piece] = []
        var rest = source[...]
        var trims = false
        while let open = rest.firstRange(of: "{{") {
            var text = String(rest[..<open.lowerBound])
            rest = rest[open.upperBound...]
            if trims { text = String(text.drop { $0.isWhitespace }) }
            if rest.hasPrefix("- ") {
                rest = rest.dropFirst()
                while text.last?.isWhitespace == true { text.removeLast() }
            }
            guard let close = rest.firstRange(of: "}}") else { break }
            var inner = String(rest[..<close.lowerBound])
            rest = rest[close.upperBound...]
            trims = inner.hasSuffix(" -")
            if trims { inner.removeLast() }
            pieces += [.text(text), .action(inner.trimming)]
        }
        return pieces + [.text(trims ? String(rest.drop { $0.isWhitespace }) : String(rest))]
    }

    private static func parse(_ pieces: inout ArraySlice<Piece>, isInner: Bool) throws(Fault)
        -> [Node]
    {
        var nodes: [Node] = []
        while let piece = pieces.popFirst() {
            guard case .action(let inner) = piece else {
                if case .text(let text) = piece { nodes.append(.text(text)) }
                continue
            }
            if inner == "end" {
                guard isInner else { throw Fault(description: "unexpected {{end}}") }
                return nodes
            }
            var tokens = try tokens(of: inner)[...]
            let kind = tokens.first.flatMap(Kind.init(rawValue:))
            if kind != nil { tokens.removeFirst() }
            var variables: [String] = []
            var declares = false
            if let sign = tokens.firstIndex(where: { $0 == ":=" || $0 == "=" }) {
                declares = tokens[sign] == ":="
                variables = tokens[..<sign].filter { $0 != "," }
                tokens = tokens[(sign + 1)...]
            }
            let expression = try command(&tokens)
            guard tokens.isEmpty else { throw Fault(description: "left over: \(tokens)") }
            if let kind {
                let body = try parse(&pieces, isInner: true)
                nodes.append(.block(kind, variables: variables, expression, body: body))
            } else {
                nodes.append(
                    .action(variable: variables.first, declares: declares, expression))
            }
        }
        guard !isInner else { throw Fault(description: "unexpected EOF: an {{end}} is missing") }
        return nodes
    }

    private static func tokens(of text: String) throws(Fault) -> [String] {
        let form = #/\s*("(?:[^"\\]|\\.)*"|:=|=|[(),]|[$.\w-]+)/#
        var tokens: [String] = []
        var rest = text[...]
        while !rest.allSatisfy(\.isWhitespace) {
            guard let match = rest.prefixMatch(of: form) else {
                throw Fault(description: "unexpected \(rest)")
            }
            tokens.append(String(match.output.1))
            rest = rest[match.range.upperBound...]
        }
        return tokens
    }

    private static func command(_ tokens: inout ArraySlice<String>) throws(Fault) -> Expression {
        guard let first = tokens.first else { throw Fault(description: "empty action") }
        if first.first?.isLetter == true {
            tokens.removeFirst()
            var arguments: [Expression] = []
            while let next = tokens.first, next != ")" { arguments.append(try term(&tokens)) }
            return .call(first, arguments)
        }
        return try term(&tokens)
    }

    private static func term(_ tokens: inout ArraySlice<String>) throws(Fault) -> Expression {
        guard let token = tokens.popFirst() else { throw Fault(description: "a term is missing") }
        if token == "(" {
            let inner = try command(&tokens)
            guard tokens.popFirst() == ")" else { throw Fault(description: "unclosed (") }
            return inner
        }
        if token.hasPrefix("\"") { return .literal(.string(String(token.dropFirst().dropLast()))) }
        if token.first?.isNumber == true { return .literal(.number(token)) }
        guard token.hasPrefix(".") || token.hasPrefix("$") else {
            throw Fault(description: "unexpected \(token)")
        }
        let parts = token.split(separator: ".").map(String.init)
        return token.hasPrefix("$")
            ? .chain(root: parts[0], fields: Array(parts.dropFirst()))
            : .chain(root: "", fields: parts)
    }

    // MARK: - Rendering

    private static func render(
        _ nodes: [Node], dot: JSONValue?, _ scopes: inout [[String: JSONValue?]]
    ) throws(Fault) -> String {
        scopes.append([:])
        defer { scopes.removeLast() }
        var text = ""
        for node in nodes {
            switch node {
            case .text(let plain): text += plain
            case .action(let variable?, let declares, let expression):
                let value = try evaluate(expression, dot, scopes)
                let place =
                    declares ? scopes.count - 1 : scopes.lastIndex { $0[variable] != nil }
                guard let place else { throw Fault(description: "undefined \(variable)") }
                scopes[place][variable] = .some(value)
            case .action(nil, _, let expression):
                guard case .string(let shown)? = try evaluate(expression, dot, scopes) else {
                    throw Fault(description: "<no value>, or a value that is not a text")
                }
                text += shown
            case .block(let kind, let variables, let expression, let body):
                let value = try evaluate(expression, dot, scopes)
                if kind == .range {
                    // Go ranges over nil as over an empty list.
                    let list = value == .null ? nil : value
                    guard case .array(let elements) = list ?? .array([]) else {
                        throw Fault(description: "range over something that is no list")
                    }
                    for (index, element) in elements.enumerated() {
                        scopes.append([:])
                        defer { scopes.removeLast() }
                        if variables.count == 2 {
                            scopes[scopes.count - 1][variables[0]] = .number(String(index))
                        }
                        if let last = variables.last { scopes[scopes.count - 1][last] = element }
                        text += try render(body, dot: element, &scopes)
                    }
                } else if isTrue(value) {
                    text += try render(body, dot: kind == .with ? value : dot, &scopes)
                }
            }
        }
        return text
    }

    private static func isTrue(_ value: JSONValue?) -> Bool {
        switch value {
        case nil, .null?, .bool(false)?, .string("")?, .array([])?, .object([])?: false
        case .number(let text)?: Double(text) != 0
        default: true
        }
    }

    private static func evaluate(
        _ expression: Expression, _ dot: JSONValue?, _ scopes: [[String: JSONValue?]]
    ) throws(Fault) -> JSONValue? {
        switch expression {
        case .literal(let value): return value
        case .chain(let root, let fields):
            var value = dot
            if !root.isEmpty {
                guard let scope = scopes.last(where: { $0[root] != nil }), let found = scope[root]
                else { throw Fault(description: "undefined variable \(root)") }
                value = found
            }
            for field in fields {
                switch value {
                case nil: break
                case .object?: value = value?[field]
                case .null?:
                    throw Fault(description: "nil pointer evaluating interface {}.\(field)")
                default: throw Fault(description: "can't evaluate field \(field)")
                }
            }
            return value
        case .call(let name, let arguments):
            if name == "and" {
                var last: JSONValue?
                for argument in arguments {
                    last = try evaluate(argument, dot, scopes)
                    if !isTrue(last) { break }
                }
                return last
            }
            var values: [JSONValue?] = []
            for argument in arguments { values.append(try evaluate(argument, dot, scopes)) }
            return try call(name, values)
        }
    }

    private static func call(_ name: String, _ values: [JSONValue?]) throws(Fault) -> JSONValue {
        func argument(_ place: Int) -> JSONValue? {
            values.indices.contains(place) ? values[place] : nil
        }
        func whole(_ place: Int) -> Int {
            guard case .number(let text)? = argument(place) else { return 0 }
            return Int(Double(text) ?? 0)
        }
        switch (name, values.count) {
        case ("toJson", 1):
            var writer = JSONWriter()
            writer.value(argument(0) ?? .null)
            return .string(writer.text)
        case ("dict", 0): return .object([])
        case ("int", 1): return .number(String(whole(0)))
        case ("lt", 2): return .bool(whole(0) < whole(1))
        case ("le", 2): return .bool(whole(0) <= whole(1))
        case ("len", 1):
            guard case .array(let elements)? = argument(0) else {
                throw Fault(description: "len of something that is no list")
            }
            return .number(String(elements.count))
        case ("index", 2):
            guard case .array(let elements)? = argument(0) else {
                throw Fault(description: "index of something that is no list")
            }
            guard elements.indices.contains(whole(1)) else {
                throw Fault(description: "index out of range: \(whole(1))")
            }
            return elements[whole(1)]
        case ("hasKey", 2), ("pick", 2...):
            let keys = values.dropFirst().compactMap { $0?.string }
            let members: [JSONValue.Member]
            switch argument(0) {
            case nil: members = []
            case .object(let found)?: members = found
            default: throw Fault(description: "\(name): expected map[string]interface {}")
            }
            let kept = members.filter { keys.contains($0.key) }
            return name == "pick" ? .object(kept) : .bool(!kept.isEmpty)
        default: throw Fault(description: "function \(name) with \(values.count) arguments")
        }
    }
}

extension String {
    fileprivate var trimming: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
