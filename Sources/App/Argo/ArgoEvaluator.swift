import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Evaluates a condition whose types are right.
///
/// Source: `vm/vm.go` and `vm/runtime/runtime.go` of expr 1.15.5, and the functions of
/// `utils/evaluate/evaluate.go` in Argo Rollouts.
struct ArgoEvaluator {
    let result: ArgoValue
    let dialect: ArgoDialect
    /// What makes the measurement an Error in some answers.
    var risks: Set<String> = []
    private var elements: [ArgoValue] = []

    init(result: ArgoValue, dialect: ArgoDialect) {
        self.result = result
        self.dialect = dialect
    }

    mutating func value(of node: ArgoExpression.Node) throws(ArgoExpression.Stop) -> ArgoValue {
        switch node {
        case .literal(let value): return value
        case .name: return result
        case .element: return elements.last ?? .null
        case .list(let nodes):
            var values: [ArgoValue] = []
            for node in nodes { values.append(try value(of: node)) }
            return .list(values)
        case .map(let pairs):
            var members: [String: ArgoValue] = [:]
            for (name, node) in pairs { members[name] = try value(of: node) }
            return .map(members, others: nil)
        case .unary(let sign, let inner): return try unary(sign, try value(of: inner))
        case .binary(let sign, let a, let b): return try binary(sign, a, b)
        case .member(let base, let key, let isOptional):
            let base = try value(of: base)
            if isOptional, base == .null { throw .chainEnds }
            return try member(try value(of: key), of: base, isOptional: isOptional)
        case .chain(let inner):
            do throws(ArgoExpression.Stop) {
                return try value(of: inner)
            } catch {
                guard error == .chainEnds else { throw error }
                return .null
            }
        case .choice(let condition, let yes, let no):
            guard let flag = try flag(try value(of: condition), "?") else {
                let (a, b) = (try value(of: yes), try value(of: no))
                return a == b
                    ? a : .varies(a.kinds.union(b.kinds), name: Self.name(a, b, else: "the choice"))
            }
            return try value(of: flag ? yes : no)
        case .call(let name, let arguments):
            var values: [ArgoValue] = []
            for argument in arguments { values.append(try value(of: argument)) }
            return try call(name, values)
        case .predicate(let name, let list, let inner):
            return try predicate(name, try value(of: list), inner)
        }
    }

    private static func name(_ a: ArgoValue, _ b: ArgoValue, else other: String) -> String {
        a.name ?? b.name ?? other
    }

    /// Narrows a value to the kinds that an operation accepts.
    ///
    /// - Throws: An Error where no kind is accepted; a kind that may not be accepted is a risk.
    mutating func require(
        _ value: ArgoValue, _ kinds: ArgoKinds, _ operation: String
    ) throws(ArgoExpression.Stop) {
        guard !value.kinds.isDisjoint(with: kinds) else {
            throw .error("\(operation) of \(value.kinds.words)")
        }
        let others = value.kinds.subtracting(kinds)
        if !others.isEmpty, let name = value.name {
            risks.insert(
                others == .any.subtracting(kinds)
                    ? "\(name) may be missing or of another kind" : "\(name) may be \(others.words)"
            )
        }
    }

    /// A boolean; nil if it differs from answer to answer.
    private mutating func flag(
        _ value: ArgoValue, _ sign: String
    ) throws(ArgoExpression.Stop) -> Bool? {
        if case .flag(let flag) = value { return flag }
        try require(value, .flag, sign)
        return nil
    }

    private mutating func unary(
        _ sign: String, _ value: ArgoValue
    ) throws(ArgoExpression.Stop) -> ArgoValue {
        if sign == "not" || sign == "!" {
            guard let flag = try flag(value, sign) else {
                return .varies(.flag, name: value.name ?? sign)
            }
            return .flag(!flag)
        }
        // Argo leaves a value after + as it is.
        if sign == "+" { return value }
        try require(value, .number, sign)
        switch value {
        case .integer(let number):
            guard number != .min else { throw .undecided("-\(number)") }
            return .integer(0 - number)
        case .decimal(let number): return .decimal(-number)
        default: return .varies(value.kinds.intersection(.number), name: value.name ?? sign)
        }
    }

    private mutating func binary(
        _ sign: String, _ left: ArgoExpression.Node, _ right: ArgoExpression.Node
    ) throws(ArgoExpression.Stop) -> ArgoValue {
        if let flag = Self.constant(.binary(sign, left, right)) { return .flag(flag) }
        let a = try value(of: left)
        switch sign {
        case "in":
            // Argo makes a set of a list of literal texts, and looks up texts only.
            if case .list(let nodes) = right, !nodes.isEmpty, nodes.allSatisfy(Self.isText) {
                try require(a, [.text, .null], "in a list of texts")
            }
            return try operate(a, sign, try value(of: right))
        case "and", "&&", "or", "||":
            let ends = sign == "or" || sign == "||"
            let first = try flag(a, sign)
            if first == ends { return .flag(ends) }
            let b = try value(of: right)
            // Argo evaluates, but does not check, the last part of a condition that holds.
            if first != nil { return b }
            guard b.kinds == .flag else { return .varies(.any, name: Self.name(a, b, else: sign)) }
            return b == .flag(ends) ? b : .varies(.flag, name: Self.name(a, b, else: sign))
        case "??":
            if a == .null { return try value(of: right) }
            guard a.kinds.contains(.null) else { return a }
            let b = try value(of: right)
            return .varies(
                a.kinds.subtracting(.null).union(b.kinds), name: Self.name(a, b, else: sign))
        default: return try operate(a, sign, try value(of: right))
        }
    }

    private static func isText(_ node: ArgoExpression.Node) -> Bool {
        if case .literal(.text) = node { true } else { false }
    }

    /// The value that Argo computes before it evaluates: `x and false` is false for every `x`.
    private static func constant(_ node: ArgoExpression.Node) -> Bool? {
        switch node {
        case .literal(.flag(let flag)): return flag
        case .unary("not", let inner), .unary("!", let inner): return constant(inner).map { !$0 }
        case .binary(let sign, let a, let b):
            guard ["and", "&&", "or", "||"].contains(sign) else { return nil }
            let ends = sign == "or" || sign == "||"
            let (x, y) = (constant(a), constant(b))
            if x == ends || y == ends { return ends }
            return x == nil || y == nil ? nil : !ends
        default: return nil
        }
    }

    mutating func operate(
        _ a: ArgoValue, _ sign: String, _ b: ArgoValue
    ) throws(ArgoExpression.Stop) -> ArgoValue {
        func truth(_ flag: Bool?) -> ArgoValue {
            flag.map { .flag($0) } ?? .varies(.flag, name: Self.name(a, b, else: sign))
        }
        switch sign {
        case "==": return truth(ArgoValue.areEqual(a, b))
        case "!=": return truth(ArgoValue.areEqual(a, b).map { !$0 })
        case "in": return truth(try contains(b, a))
        case "matches", "contains", "startsWith", "endsWith":
            // Since 1.10 nil is no text that contains anything; before, it is an Error.
            if dialect == .since110, a == .null || b == .null { return .flag(false) }
            let accepted: ArgoKinds = dialect == .since110 ? [.text, .null] : .text
            try require(a, accepted, sign)
            try require(b, accepted, sign)
            guard case .text(let part) = b else { return truth(nil) }
            return truth(try ArgoPattern.test(a, sign, part))
        case "<", ">", "<=", ">=":
            if a.kinds == .text || b.kinds == .text {
                try require(a, .text, sign)
                try require(b, .text, sign)
                guard case .text(let x) = a, case .text(let y) = b else { return truth(nil) }
                return .flag(
                    Self.compare(
                        sign, isLess: x.utf8.lexicographicallyPrecedes(y.utf8),
                        isEqual: x.utf8.elementsEqual(y.utf8)))
            }
            try require(a, [.integer, .decimal, .text], sign)
            try require(b, [.integer, .decimal, .text], sign)
            guard let x = a.number, let y = b.number else { return truth(nil) }
            // NaN is neither less nor equal.
            guard !x.isNaN, !y.isNaN else { return .flag(false) }
            return .flag(Self.compare(sign, isLess: x < y, isEqual: x == y))
        case "..": throw .undecided("..")
        default: return try arithmetic(a, sign, b)
        }
    }

    private static func compare(_ sign: String, isLess: Bool, isEqual: Bool) -> Bool {
        switch sign {
        case "<": isLess
        case "<=": isLess || isEqual
        case ">": !isLess && !isEqual
        default: !isLess
        }
    }

    private mutating func arithmetic(
        _ a: ArgoValue, _ sign: String, _ b: ArgoValue
    ) throws(ArgoExpression.Stop) -> ArgoValue {
        if sign == "+", a.kinds == .text || b.kinds == .text {
            try require(a, .text, sign)
            try require(b, .text, sign)
            guard case .text(let x) = a else { return .varies(.text, name: a.name ?? sign) }
            if case .text(let y) = b { return .text(x + y) }
            return .beginning(x, name: b.name ?? sign)
        }
        let accepted: ArgoKinds =
            sign == "%" ? .integer : sign == "+" ? [.integer, .decimal, .text] : .number
        try require(a, accepted, sign)
        try require(b, accepted, sign)
        if sign == "%" { throw .undecided("%") }
        guard let x = a.number, let y = b.number else {
            return .varies(
                sign == "+" ? a.kinds.union(b.kinds).intersection(accepted) : .number,
                name: Self.name(a, b, else: sign))
        }
        let areIntegers = a.kinds == .integer && b.kinds == .integer
        let number: Double
        switch sign {
        case "+": number = x + y
        case "-": number = x - y
        case "*": number = x * y
        case "/": return .decimal(x / y)
        default: return .decimal(pow(x, y))
        }
        guard areIntegers else { return .decimal(number) }
        guard let whole = Int(exactly: number) else { throw .undecided("a number above 2^63") }
        return .integer(whole)
    }

    /// Whether a list or an object contains a value; nil if that differs.
    private mutating func contains(
        _ whole: ArgoValue, _ part: ArgoValue
    ) throws(ArgoExpression.Stop) -> Bool? {
        switch whole {
        case .null: return false
        case .list(let elements):
            let equal = elements.map { ArgoValue.areEqual($0, part) }
            return equal.contains(true) ? true : equal.contains(nil) ? nil : false
        case .map(let members, let others):
            try require(part, [.text, .null], "in an object")
            guard case .text(let name) = part else { return nil }
            return members[name] != nil ? true : others == nil ? false : nil
        default:
            try require(whole, [.null, .list, .map], "in")
            return nil
        }
    }

    private mutating func member(
        _ key: ArgoValue, of base: ArgoValue, isOptional: Bool
    ) throws(ArgoExpression.Stop) -> ArgoValue {
        let shown: String =
            if case .text(let name) = key {
                name
            } else {
                key.number.map { "\(Int(saturating: $0))" } ?? ""
            }
        switch base {
        case .map(let members, let others):
            try require(key, .text, "[] of an object")
            guard case .text(let name) = key else {
                return .varies(.any, name: others ?? "a member")
            }
            return members[name] ?? others.map { .varies(.any, name: "\($0).\(name)") } ?? .null
        case .list(let elements):
            try require(key, .number, "[] of a list")
            guard let number = key.number, let index = Int(exactly: number.rounded(.towardZero))
            else { return .varies(.any, name: key.name ?? "an element") }
            let place = index < 0 ? elements.count + index : index
            guard elements.indices.contains(place) else {
                throw .error("[\(index)] of a list of \(elements.count)")
            }
            return elements[place]
        case .null: throw .error("the member \(shown) of nil")
        case .text, .beginning:
            if case .text = key { throw .error("the member \(shown) of a text") }
            throw .undecided("[] of a text")
        case .flag, .integer, .decimal:
            throw .error("the member \(shown) of \(base.kinds.words)")
        case .varies(let kinds, let name):
            guard !kinds.isDisjoint(with: [.map, .list]) else {
                throw .error("the member \(shown) of \(kinds.words)")
            }
            if case .text = key {
                // nil after ?. ends the chain.
                try require(
                    isOptional ? .varies(kinds.subtracting(.null), name: name) : base, .map,
                    "the member \(shown)")
                return .varies(.any, name: "\(name).\(shown)")
            }
            risks.insert("\(name) may have no element \(shown)")
            return .varies(.any, name: "\(name)[\(shown)]")
        }
    }

    private mutating func predicate(
        _ name: String, _ list: ArgoValue, _ node: ArgoExpression.Node
    ) throws(ArgoExpression.Stop) -> ArgoValue {
        guard case .list(let values) = list else {
            // Argo goes through the letters of a text and the members of an object, too.
            if list.kinds == .text || list.kinds == .map {
                throw .undecided("\(name) of \(list.kinds.words)")
            }
            try require(list, .list, name)
            let kind: ArgoKinds = name == "filter" ? .list : name == "count" ? .integer : .flag
            return .varies(kind, name: list.name ?? name)
        }
        var kept: [ArgoValue] = []
        for element in values {
            elements.append(element)
            defer { elements.removeLast() }
            guard let holds = try flag(try value(of: node), name) else {
                throw .undecided("\(name) of values that differ")
            }
            if holds { kept.append(element) }
        }
        switch name {
        case "all": return .flag(kept.count == values.count)
        case "any": return .flag(!kept.isEmpty)
        case "none": return .flag(kept.isEmpty)
        case "one": return .flag(kept.count == 1)
        case "count": return .integer(kept.count)
        default: return .list(kept)
        }
    }
}
