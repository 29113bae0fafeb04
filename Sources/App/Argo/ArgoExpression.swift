import JSON

/// A condition of an AnalysisTemplate: comparisons of members of `result` with constants.
///
/// The rest of Argo's expression language (functions, arithmetic) is reported as `unsupported`:
/// it cannot be evaluated here, but may be correct.
struct ArgoExpression: Sendable {
    enum Fault: Error, Equatable {
        /// Argo cannot compile it either.
        case syntax(String)
        /// Not supported here; Argo may accept it.
        case unsupported(String)
    }

    indirect enum Node: Sendable, Equatable {
        case literal(JSONValue)
        case path([String])
        case list([Node])
        case not(Node)
        case both(Node, Node)
        case either(Node, Node)
        case compare(Node, String, Node)
    }

    let root: Node

    init(_ text: String) throws(Fault) {
        var parser = Parser(tokens: try Self.tokens(text))
        root = try parser.either()
        guard parser.tokens.isEmpty else { throw .syntax("unexpected \(parser.tokens[0].text)") }
    }

    /// Whether the condition holds for an answer.
    ///
    /// - Throws: `unsupported` when it is not a condition at all.
    func holds(for result: JSONValue) throws(Fault) -> Bool {
        guard case .bool(let flag) = try Self.value(root, result) else {
            throw .unsupported("the condition is not true or false")
        }
        return flag
    }

    /// The top-level members of `result` that the condition reads.
    var members: Set<String> { Self.members(root) }

    private static func members(_ node: Node) -> Set<String> {
        switch node {
        case .literal: []
        case .path(let path): path.first.map { [$0] } ?? []
        case .list(let nodes): nodes.reduce(into: []) { $0.formUnion(members($1)) }
        case .not(let node): members(node)
        case .both(let a, let b), .either(let a, let b), .compare(let a, _, let b):
            members(a).union(members(b))
        }
    }

    // MARK: - Evaluating

    private static func value(_ node: Node, _ result: JSONValue) throws(Fault) -> JSONValue {
        switch node {
        case .literal(let value): return value
        case .path(let path):
            // Argo evaluates a missing member to nil, and nil differs from any text.
            return path.reduce(Optional(result)) { value, key in
                Int(key).flatMap { value?[$0] } ?? value?[key]
            } ?? .null
        case .list(let nodes):
            var values: [JSONValue] = []
            for node in nodes { values.append(try value(node, result)) }
            return .array(values)
        case .not(let node): return .bool(!(try flag(node, result)))
        case .both(let a, let b):
            return .bool(try flag(a, result) ? try flag(b, result) : false)
        case .either(let a, let b):
            return .bool(try flag(a, result) ? true : try flag(b, result))
        case .compare(let a, let sign, let b):
            return .bool(try compare(value(a, result), sign, value(b, result)))
        }
    }

    private static func flag(_ node: Node, _ result: JSONValue) throws(Fault) -> Bool {
        guard case .bool(let flag) = try value(node, result) else {
            throw .unsupported("a part of the condition is not true or false")
        }
        return flag
    }

    private static func compare(
        _ a: JSONValue, _ sign: String, _ b: JSONValue
    ) throws(Fault) -> Bool {
        switch sign {
        case "==": return equal(a, b)
        case "!=": return !equal(a, b)
        case "in", "not in":
            guard case .array(let values) = b else {
                throw .unsupported("'in' needs a list")
            }
            return values.contains { equal(a, $0) } == (sign == "in")
        default:
            guard let x = a.double, let y = b.double else {
                throw .unsupported("'\(sign)' needs numbers on both sides")
            }
            return sign == "<" ? x < y : sign == "<=" ? x <= y : sign == ">" ? x > y : x >= y
        }
    }

    private static func equal(_ a: JSONValue, _ b: JSONValue) -> Bool {
        if let x = a.double, let y = b.double { return x == y }
        return a == b
    }
}

// MARK: - Reading

extension ArgoExpression {
    struct Token: Sendable, Equatable {
        enum Kind { case sign, word, text, number }
        let kind: Kind
        let text: String
    }

    static func tokens(_ text: String) throws(Fault) -> [Token] {
        var tokens: [Token] = []
        var rest = Array(text.unicodeScalars)[...]
        func isDigit(_ s: Unicode.Scalar) -> Bool { ("0"..."9").contains(s) }
        func isWord(_ s: Unicode.Scalar) -> Bool {
            isDigit(s) || ("a"..."z").contains(s) || ("A"..."Z").contains(s) || s == "_"
        }
        func take(while fits: (Unicode.Scalar) -> Bool) -> String {
            let taken = rest.prefix(while: fits)
            rest = rest.dropFirst(taken.count)
            return String(String.UnicodeScalarView(taken))
        }
        while let first = rest.first {
            if first.properties.isWhitespace {
                rest = rest.dropFirst()
            } else if first == "\"" || first == "'" || first == "`" {
                rest = rest.dropFirst()
                let inner = take { $0 != first }
                guard rest.first == first else { throw .syntax("a text does not end") }
                rest = rest.dropFirst()
                guard !inner.contains("\\") else { throw .unsupported("an escape in a text") }
                tokens.append(Token(kind: .text, text: inner))
            } else if isDigit(first) {
                let number = take { isDigit($0) || $0 == "." }
                if let next = rest.first, isWord(next) {
                    throw .syntax(
                        "\(number)\(take(while: isWord)): write a member's name that begins with a digit in brackets: [\"5xx_rate\"]"
                    )
                }
                tokens.append(Token(kind: .number, text: number))
            } else if isWord(first) {
                tokens.append(Token(kind: .word, text: take(while: isWord)))
            } else {
                let two = String(String.UnicodeScalarView(rest.prefix(2)))
                let sign =
                    ["==", "!=", "<=", ">=", "&&", "||", "?.", "??"].contains(two)
                    ? two : String(first)
                guard "=!<>&|()[].,?".unicodeScalars.contains(first),
                    !["?.", "??", "?"].contains(sign),
                    !["=", "&", "|"].contains(sign)
                else {
                    // A single =, & or | is a syntax error; Argo may accept the other signs.
                    if sign == "=" || sign == "&" || sign == "|" {
                        throw .syntax("a single \(sign)")
                    }
                    throw .unsupported(sign)
                }
                tokens.append(Token(kind: .sign, text: sign))
                rest = rest.dropFirst(sign.unicodeScalars.count)
            }
        }
        return tokens
    }

    struct Parser {
        var tokens: [Token]

        private mutating func take(_ kind: Token.Kind, _ texts: String...) -> String? {
            guard let first = tokens.first, first.kind == kind, texts.contains(first.text) else {
                return nil
            }
            tokens.removeFirst()
            return first.text
        }

        mutating func either() throws(Fault) -> Node {
            var node = try both()
            while take(.sign, "||") != nil || take(.word, "or") != nil {
                node = .either(node, try both())
            }
            return node
        }

        private mutating func both() throws(Fault) -> Node {
            var node = try not()
            while take(.sign, "&&") != nil || take(.word, "and") != nil {
                node = .both(node, try not())
            }
            return node
        }

        private mutating func not() throws(Fault) -> Node {
            if take(.sign, "!") != nil || take(.word, "not") != nil { return .not(try not()) }
            let left = try term()
            if let sign = take(.sign, "==", "!=", "<", "<=", ">", ">=") {
                return .compare(left, sign, try term())
            }
            if take(.word, "in") != nil { return .compare(left, "in", try term()) }
            if tokens.count > 1, tokens[0].text == "not", tokens[1].text == "in" {
                tokens.removeFirst(2)
                return .compare(left, "not in", try term())
            }
            return left
        }

        private mutating func term() throws(Fault) -> Node {
            guard let token = tokens.first else { throw .syntax("it ends too early") }
            tokens.removeFirst()
            switch token.kind {
            case .text: return .literal(.string(token.text))
            case .number: return .literal(.number(token.text))
            case .sign where token.text == "(":
                let node = try either()
                guard take(.sign, ")") != nil else { throw .syntax("a ) is missing") }
                return node
            case .sign where token.text == "[":
                var nodes: [Node] = []
                while take(.sign, "]") == nil {
                    nodes.append(try term())
                    _ = take(.sign, ",")
                }
                return .list(nodes)
            case .sign: throw .syntax("unexpected \(token.text)")
            case .word:
                switch token.text {
                case "true", "false": return .literal(.bool(token.text == "true"))
                case "nil": return .literal(.null)
                case "result": return .path(try members())
                default: throw .unsupported(token.text)
                }
            }
        }

        private mutating func members() throws(Fault) -> [String] {
            var path: [String] = []
            while true {
                if take(.sign, ".") != nil {
                    guard let name = tokens.first, name.kind == .word else {
                        throw .syntax("a name is missing after the dot")
                    }
                    tokens.removeFirst()
                    path.append(name.text)
                } else if take(.sign, "[") != nil {
                    guard let key = tokens.first, key.kind == .text || key.kind == .number else {
                        throw .syntax("a name is missing in the brackets")
                    }
                    tokens.removeFirst()
                    path.append(key.text)
                    guard take(.sign, "]") != nil else { throw .syntax("a ] is missing") }
                } else {
                    return path
                }
            }
        }
    }
}
