/// Parses a condition as Argo does: the same precedences, and the same texts refused.
///
/// Source: `parser/parser.go` and `parser/operator/operator.go` of expr 1.15.5 and 1.17.7.
struct ArgoParser {
    private typealias Node = ArgoExpression.Node
    private typealias Stop = ArgoExpression.Stop

    private static let binary: [String: Int] = [
        "|": 0, "or": 10, "||": 10, "and": 15, "&&": 15, "==": 20, "!=": 20, "<": 20, ">": 20,
        ">=": 20, "<=": 20, "in": 20, "matches": 20, "contains": 20, "startsWith": 20,
        "endsWith": 20, "..": 25, "+": 30, "-": 30, "*": 60, "/": 60, "%": 60, "**": 100,
        "^": 100, "??": 500,
    ]
    /// `!a == b` is `(!a) == b`: these bind tighter than comparisons.
    private static let unary: [String: Int] = ["not": 50, "!": 50, "-": 90, "+": 90]
    private static let comparisons: Set<String> = ["<", ">", "<=", ">="]
    private static let negatable: Set<String> = [
        "in", "matches", "contains", "startsWith", "endsWith",
    ]
    static let predicates: Set<String> = ["all", "any", "none", "one", "filter", "count"]
    /// Functions of expr that exist, but are not supported here.
    private static let otherFunctions: Set<String> = [
        "map", "find", "findIndex", "findLast", "findLastIndex", "groupBy", "reduce", "sum",
        "sortBy", "type", "int", "float", "string", "trimPrefix", "trimSuffix", "split",
        "splitAfter", "replace", "repeat", "join", "indexOf", "lastIndexOf", "max", "min",
        "mean", "median", "toJSON", "fromJSON", "toBase64", "fromBase64", "now", "duration",
        "date", "first", "last", "get", "take", "keys", "values", "toPairs", "fromPairs",
        "sort", "ceil", "floor", "round", "reverse", "uniq", "concat", "flatten", "timezone",
        "bitand", "bitor", "bitxor", "bitnand", "bitshl", "bitshr", "bitushr", "bitnot",
        "panic",
    ]
    private static let deepest = 60

    private var tokens: ArraySlice<ArgoToken>
    private let dialect: ArgoDialect
    private var depth = 0
    private var predicateDepth = 0

    static func parse(
        _ text: String, _ dialect: ArgoDialect
    ) throws(ArgoExpression.Stop) -> ArgoExpression.Node {
        var parser = ArgoParser(
            tokens: try ArgoToken.all(in: text, dialect)[...], dialect: dialect)
        let node = try parser.expression(0)
        if let left = parser.tokens.first {
            if left.isSign(";") { throw .undecided(";") }
            throw .error("unexpected \(left.text)")
        }
        return node
    }

    private var current: ArgoToken? { tokens.first }

    private mutating func take(_ sign: String) -> Bool {
        guard current?.isSign(sign) == true else { return false }
        tokens.removeFirst()
        return true
    }

    private mutating func expect(_ sign: String) throws(ArgoExpression.Stop) {
        guard take(sign) else {
            throw .error(
                current.map { "unexpected \($0.text) where a \(sign) is missing" }
                    ?? "it ends too early: a \(sign) is missing")
        }
    }

    private mutating func expression(
        _ precedence: Int
    ) throws(ArgoExpression.Stop) -> ArgoExpression.Node {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw .undecided("more than \(Self.deepest) levels") }
        if precedence == 0, let token = current, token.isSign("let") || token.isSign("if") {
            throw .undecided(token.text)
        }
        var left = try primary()
        var previous = ""
        while let token = current, token.kind == .sign {
            var sign = token.text
            let isNegated = sign == "not"
            if isNegated {
                let next = tokens.dropFirst().first
                guard let next, next.kind == .sign, Self.binary[next.text] != nil,
                    dialect == .before110 || Self.negatable.contains(next.text)
                else { throw .error("unexpected \(next?.text ?? "end") after not") }
                sign = next.text
            }
            guard let own = Self.binary[sign], own >= precedence else {
                // expr 1.15 loses a `not` here: `a == b not in c` is `(a == b) in c`.
                if isNegated, dialect == .before110 { tokens.removeFirst() }
                break
            }
            tokens.removeFirst(isNegated ? 2 : 1)
            if sign == "|" { throw .undecided("the pipe |") }
            if previous == "??", sign != "??" {
                throw .error("\(sign) beside ?? without parentheses")
            }
            if dialect == .since110, Self.comparisons.contains(sign) {
                left = try comparison(left, sign, own)
            } else {
                let isRight = sign == "**" || sign == "^"
                left = .binary(sign, left, try expression(isRight ? own : own + 1))
            }
            if isNegated { left = .unary("not", left) }
            previous = sign
        }
        return precedence == 0 ? try choice(left) : left
    }

    /// Since 1.10, `1 < x < 3` is `1 < x && x < 3`.
    private mutating func comparison(
        _ first: ArgoExpression.Node, _ sign: String, _ precedence: Int
    ) throws(ArgoExpression.Stop) -> ArgoExpression.Node {
        var left = try expression(precedence + 1)
        var node = ArgoExpression.Node.binary(sign, first, left)
        while let token = current, token.kind == .sign, Self.comparisons.contains(token.text) {
            tokens.removeFirst()
            let right = try expression(precedence + 1)
            node = .binary("&&", node, .binary(token.text, left, right))
            left = right
        }
        return node
    }

    private mutating func choice(
        _ condition: ArgoExpression.Node
    ) throws(ArgoExpression.Stop) -> ArgoExpression.Node {
        var node = condition
        while take("?") {
            if take(":") {
                node = .choice(node, node, try expression(0))
            } else {
                let yes = try expression(0)
                try expect(":")
                node = .choice(node, yes, try expression(0))
            }
        }
        return node
    }

    private mutating func primary() throws(ArgoExpression.Stop) -> ArgoExpression.Node {
        guard let token = current else { throw .error("it ends too early") }
        if token.kind == .sign, let precedence = Self.unary[token.text] {
            tokens.removeFirst()
            return try postfix(.unary(token.text, try expression(precedence)))
        }
        if take("(") {
            let node = try expression(0)
            try expect(")")
            return try postfix(node)
        }
        if token.isSign("#") || token.isSign(".") {
            guard predicateDepth > 0 else { throw .error("\(token.text) outside of a predicate") }
            if take("#"), let word = current, word.kind == .word {
                throw .undecided("#\(word.text)")
            }
            return try postfix(.element)
        }
        if token.isSign("::") { throw .undecided("::") }
        tokens.removeFirst()
        switch token.kind {
        case .text: return try postfix(.literal(.text(token.text)))
        case .number:
            if token.text.utf8.allSatisfy({ $0 &- 0x30 < 10 }) {
                guard let value = Int(token.text) else {
                    throw .error("\(token.text) is too large")
                }
                return try postfix(.literal(.integer(value)))
            }
            guard let value = Double(token.text) else { throw .error("\(token.text) is no number") }
            return try postfix(.literal(.decimal(value)))
        case .word: return try word(token.text)
        case .sign:
            if token.text == "[" { return try postfix(.list(try nodes(until: "]"))) }
            if token.text == "{" { return try postfix(try pairs()) }
            throw .error("unexpected \(token.text)")
        }
    }

    private mutating func word(_ text: String) throws(ArgoExpression.Stop) -> ArgoExpression.Node {
        switch text {
        // As in Argo, nothing may follow these: `true.x` is a syntax error.
        case "true", "false": return .literal(.flag(text == "true"))
        case "nil": return .literal(.null)
        default: break
        }
        guard take("(") else { return try postfix(.name(text)) }
        if Self.predicates.contains(text) {
            let list = try expression(0)
            if text == "count", dialect == .since110, take(")") { throw .undecided("count(list)") }
            try expect(",")
            let isBraced = take("{")
            predicateDepth += 1
            let node = try expression(0)
            predicateDepth -= 1
            if isBraced { try expect("}") }
            if dialect == .since110 { _ = take(",") }
            try expect(")")
            return try postfix(.predicate(text, list, node))
        }
        if Self.otherFunctions.contains(text) { throw .undecided("the function \(text)") }
        return try postfix(.call(text, try nodes(until: ")")))
    }

    /// The nodes up to a closing sign, which is taken.
    private mutating func nodes(
        until sign: String
    ) throws(ArgoExpression.Stop) -> [ArgoExpression.Node] {
        var nodes: [ArgoExpression.Node] = []
        while !take(sign) {
            if !nodes.isEmpty {
                try expect(",")
                if sign == "]", take(sign) { break }
            }
            nodes.append(try expression(0))
        }
        return nodes
    }

    private mutating func pairs() throws(ArgoExpression.Stop) -> ArgoExpression.Node {
        var pairs: [String: ArgoExpression.Node] = [:]
        while !take("}") {
            if !pairs.isEmpty {
                try expect(",")
                if take("}") { break }
            }
            guard let key = tokens.popFirst(), key.kind != .sign else {
                throw .undecided("an object whose member has no plain name")
            }
            try expect(":")
            pairs[key.text] = try expression(0)
        }
        return .map(pairs)
    }

    private mutating func postfix(
        _ start: ArgoExpression.Node
    ) throws(ArgoExpression.Stop) -> ArgoExpression.Node {
        var node = start
        while let token = current, token.kind == .sign {
            if token.text == "." || token.text == "?." {
                tokens.removeFirst()
                let isOptional = token.text == "?."
                guard let name = current else { throw .error("it ends too early") }
                if isOptional, name.isSign("[") { throw .undecided("?.[") }
                guard name.kind == .word || ArgoToken.operators.contains(name.text) else {
                    throw .error("a name is missing after the dot")
                }
                tokens.removeFirst()
                if current?.isSign("(") == true { throw .undecided("the method \(name.text)") }
                var base = node
                var isChain = isOptional
                if case .chain(let inner) = node {
                    base = inner
                    isChain = true
                }
                let member = ArgoExpression.Node.member(
                    base, .literal(.text(name.text)), isOptional: isOptional)
                node = isChain ? .chain(member) : member
            } else if token.text == "[" {
                tokens.removeFirst()
                if current?.isSign(":") == true { throw .undecided("a slice") }
                let key = try expression(0)
                if current?.isSign(":") == true { throw .undecided("a slice") }
                try expect("]")
                node = .member(node, key, isOptional: false)
            } else {
                break
            }
        }
        return node
    }
}
