import Foundation

/// The functions of conditions: those that Argo adds, and the frequent ones of expr.
extension ArgoEvaluator {
    mutating func call(
        _ name: String, _ values: [ArgoValue]
    ) throws(ArgoExpression.Stop) -> ArgoValue {
        let first = values[0]
        func varies(_ kinds: ArgoKinds) -> ArgoValue { .varies(kinds, name: first.name ?? name) }
        switch name {
        // Both look at the whole result, whatever their argument is.
        case "isNil":
            return result.kinds == .null
                ? .flag(true)
                : result.kinds.contains(.null) ? .varies(.flag, name: "result") : .flag(false)
        case "default":
            if result == .null { return values[1] }
            guard result.kinds.contains(.null) else { return result }
            return .varies(result.kinds.union(values[1].kinds), name: "result")
        case "asInt", "asFloat":
            try require(first, [.integer, .decimal, .text], name)
            let kind: ArgoKinds = name == "asInt" ? .integer : .decimal
            if case .text(let text) = first {
                if name == "asFloat", let number = Double(text) { return .decimal(number) }
                if name == "asInt", let number = Int(text) { return .integer(number) }
                throw .error("\(name) of the text \"\(text)\"")
            }
            guard let number = first.number else {
                if first.kinds == .text { throw .error("\(name) of a text of words") }
                return varies(kind)
            }
            if kind == .decimal { return .decimal(number) }
            guard let whole = Int(exactly: number.rounded(.towardZero)) else {
                throw .undecided("asInt of \(number)")
            }
            return .integer(whole)
        case "isNaN", "isInf":
            try require(first, .number, name)
            guard let number = first.number else { return varies(.flag) }
            return .flag(name == "isNaN" ? number.isNaN : number.isInfinite)
        case "abs":
            try require(first, .number, name)
            switch first {
            case .integer(let number) where number != .min: return .integer(abs(number))
            case .decimal(let number): return .decimal(abs(number))
            default: return varies(.number)
            }
        case "len":
            try require(first, [.text, .list, .map], name)
            switch first {
            case .text(let text): return .integer(text.utf8.count)
            case .list(let elements): return .integer(elements.count)
            case .map(let members, nil): return .integer(members.count)
            default: return varies(.integer)
            }
        default: return try text(name, values)
        }
    }

    private mutating func text(
        _ name: String, _ values: [ArgoValue]
    ) throws(ArgoExpression.Stop) -> ArgoValue {
        for value in values { try require(value, .text, name) }
        let first = values[0]
        if name == "hasPrefix" || name == "hasSuffix" {
            let sign = name == "hasPrefix" ? "startsWith" : "endsWith"
            return try operate(first, sign, values[1])
        }
        func changed(_ text: String) -> String {
            switch name {
            case "lower": text.lowercased()
            case "upper": text.uppercased()
            default: text.trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }
        switch first {
        case .text(let text): return .text(changed(text))
        case .beginning(let text, let own) where name != "trim":
            return .beginning(changed(text), name: own)
        default: return .varies(.text, name: first.name ?? name)
        }
    }
}
