/// Checks the types of a condition as Argo does before it evaluates it.
///
/// The kind of `result` is known then; its members have any type. Lists and functions are
/// checked as far as conditions use them. Source: `checker/checker.go` of expr 1.15.5.
struct ArgoTypeChecker {
    indirect enum Kind: Equatable {
        case any, null, flag, integer, decimal, text, map
        /// With the type of the elements, where a literal list has one.
        case list(Kind?)
    }

    private let result: Kind
    private let dialect: ArgoDialect
    /// The types of the elements that the enclosing predicates are evaluated for.
    private var elements: [Kind] = []

    init(result: ArgoValue, dialect: ArgoDialect) {
        self.dialect = dialect
        switch result.kinds {
        case .null: self.result = .null
        case .flag: self.result = .flag
        case .integer: self.result = .integer
        case .decimal: self.result = .decimal
        case .text: self.result = .text
        case .list: self.result = .list(nil)
        case .map: self.result = .map
        default: self.result = .any
        }
    }

    private func isNumber(_ kind: Kind) -> Bool { kind == .integer || kind == .decimal }

    /// Whether both types are among `allowed`, or one is and the other may be.
    private func mayBe(_ a: Kind, _ b: Kind, _ allowed: (Kind) -> Bool) -> Bool {
        a == .any && b == .any || a == .any && allowed(b) || b == .any && allowed(a)
    }

    private func areComparable(_ a: Kind, _ b: Kind) -> Bool {
        if a == .null || b == .null || a == .any || b == .any { return true }
        if case .list = a, case .list = b { return true }
        return a == b || isNumber(a) && isNumber(b)
    }

    private func words(_ kind: Kind) -> String {
        switch kind {
        case .any: "any value"
        case .null: "nil"
        case .flag: "a boolean"
        case .integer, .decimal: "a number"
        case .text: "a text"
        case .map: "an object"
        case .list: "a list"
        }
    }

    mutating func type(of node: ArgoExpression.Node) throws(ArgoExpression.Stop) -> Kind {
        switch node {
        case .literal(let value):
            return ArgoTypeChecker(result: value, dialect: dialect).result
        case .name(let name):
            guard name == "result" else {
                if name.hasPrefix("$") || Self.functions[name] != nil { throw .undecided(name) }
                throw .error("unknown name \(name)")
            }
            return result
        case .element:
            // A result that is a list has elements of any type.
            return elements.last ?? .any
        case .list(let nodes):
            var kinds: [Kind] = []
            for node in nodes { kinds.append(try type(of: node)) }
            let isUniform = kinds.dropFirst().allSatisfy { $0 == kinds[0] && $0 != .null }
            return .list(isUniform ? kinds.first : nil)
        case .map(let pairs):
            for node in pairs.values { _ = try type(of: node) }
            return .map
        case .chain(let inner): return try type(of: inner)
        case .unary(let sign, let inner): return try unary(sign, try type(of: inner))
        case .binary(let sign, let a, let b):
            if sign == "matches", case .literal(.text(let pattern)) = b {
                try ArgoPattern.check(pattern)
            }
            return try binary(sign, try type(of: a), try type(of: b))
        case .member(let base, let key, _): return try member(base, key)
        case .choice(let condition, let yes, let no):
            let kind = try type(of: condition)
            guard kind == .flag || kind == .any else {
                throw .error("\(words(kind)) before ?, which needs a boolean")
            }
            let (a, b) = (try type(of: yes), try type(of: no))
            return a == .null ? b : b == .null || a == b ? a : .any
        case .call(let name, let arguments): return try call(name, arguments)
        case .predicate(let name, let list, let inner):
            let kind = try type(of: list)
            var element = Kind.any
            switch kind {
            case .any: break
            case .list(let own): element = dialect == .since110 ? own ?? .any : .any
            default: throw .error("\(name) of \(words(kind)), not of a list")
            }
            elements.append(element)
            defer { elements.removeLast() }
            let predicate = try type(of: inner)
            guard predicate == .flag || predicate == .any else {
                throw .error("the predicate of \(name) is \(words(predicate)), not a boolean")
            }
            return name == "filter" ? .list(nil) : name == "count" ? .integer : .flag
        }
    }

    private func unary(_ sign: String, _ kind: Kind) throws(ArgoExpression.Stop) -> Kind {
        if sign == "not" || sign == "!" {
            guard kind == .flag || kind == .any else {
                throw .error("\(sign) of \(words(kind)); \(sign) binds tighter than ==")
            }
            return .flag
        }
        guard isNumber(kind) || kind == .any else { throw .error("\(sign) of \(words(kind))") }
        return kind
    }

    private func member(
        _ base: ArgoExpression.Node, _ key: ArgoExpression.Node
    ) throws(ArgoExpression.Stop) -> Kind {
        var checker = self
        let kind = try checker.type(of: base)
        let index = try checker.type(of: key)
        switch kind {
        case .any: return .any
        case .map:
            guard index == .text || index == .any else {
                throw .error("\(words(index)) in the brackets of an object")
            }
            return .any
        case .list(let element):
            guard index == .integer || index == .any else {
                throw .error("\(words(index)) in the brackets of a list")
            }
            return dialect == .since110 ? element ?? .any : .any
        default:
            guard case .literal(.text(let name)) = key else {
                throw .error("\(words(kind)) has no elements")
            }
            throw .error("\(words(kind)) has no member \(name)")
        }
    }

    private func binary(
        _ sign: String, _ a: Kind, _ b: Kind
    ) throws(ArgoExpression.Stop) -> Kind {
        let areNumbers = isNumber(a) && isNumber(b)
        let areTexts = a == .text && b == .text
        switch sign {
        case "==", "!=": if areComparable(a, b) { return .flag }
        case "and", "&&", "or", "||":
            if a == .flag && b == .flag || mayBe(a, b, { $0 == .flag }) { return .flag }
        case "<", ">", "<=", ">=":
            if areNumbers || areTexts || mayBe(a, b, { isNumber($0) || $0 == .text }) {
                return .flag
            }
        case "-", "*":
            if areNumbers { return a == b ? a : .decimal }
            if mayBe(a, b, isNumber) { return .any }
        case "/", "**", "^": if areNumbers || mayBe(a, b, isNumber) { return .decimal }
        case "%":
            if a == .integer && b == .integer { return .integer }
            if mayBe(a, b, { $0 == .integer }) { return dialect == .since110 ? .integer : .any }
        case "+":
            if areNumbers { return a == b ? a : .decimal }
            if areTexts { return .text }
            if mayBe(a, b, { isNumber($0) || $0 == .text }) { return .any }
        case "in":
            switch b {
            case .map where a == .any || a == .text || a == .null && dialect == .before110:
                return .flag
            case .list(let element):
                if areComparable(a, element ?? .any) { return .flag }
                throw .error("\(words(a)) in a list of other values")
            case .any: return .flag
            case .text where a == .any: return .flag
            default: break
            }
        case "matches", "contains", "startsWith", "endsWith":
            if areTexts || mayBe(a, b, { $0 == .text }) { return .flag }
        case "..":
            if a == .integer && b == .integer || mayBe(a, b, { $0 == .integer }) {
                return .list(.integer)
            }
        case "??": return a == .null ? b : b == .null || a == b ? a : .any
        default: break
        }
        throw .error("\(words(a)) \(sign) \(words(b))")
    }

    /// The functions that are supported: the types of their arguments, and that of their result.
    static let functions: [String: (arguments: [Kind], result: Kind)] = [
        "asInt": ([.any], .integer), "asFloat": ([.any], .decimal),
        "isNaN": ([.decimal], .flag), "isInf": ([.decimal], .flag),
        "isNil": ([.any], .flag), "default": ([.any, .any], .any),
        "len": ([.any], .integer), "lower": ([.text], .text), "upper": ([.text], .text),
        "trim": ([.text], .text), "hasPrefix": ([.text, .text], .flag),
        "hasSuffix": ([.text, .text], .flag), "abs": ([.any], .any),
    ]

    private mutating func call(
        _ name: String, _ arguments: [ArgoExpression.Node]
    ) throws(ArgoExpression.Stop) -> Kind {
        guard let function = Self.functions[name] else { throw .error("unknown name \(name)") }
        guard arguments.count == function.arguments.count else {
            if name == "trim" { throw .undecided("trim with two arguments") }
            throw .error("\(name) takes \(function.arguments.count) values")
        }
        for (node, wanted) in zip(arguments, function.arguments) {
            let kind = try type(of: node)
            let fits =
                switch (name, kind) {
                case (_, .any): true
                case ("len", _): kind == .text || kind == .map || isList(kind)
                case ("abs", _): isNumber(kind)
                case (_, .null): wanted == .any || dialect == .before110
                case (_, .integer): wanted == .any || wanted == .decimal
                default: wanted == .any || wanted == kind
                }
            guard fits else { throw .error("\(name) of \(words(kind))") }
        }
        return function.result
    }

    private func isList(_ kind: Kind) -> Bool { if case .list = kind { true } else { false } }
}
