import JSON

/// The kinds of value that Argo's expressions distinguish.
struct ArgoKinds: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    static let null = ArgoKinds(rawValue: 1)
    static let flag = ArgoKinds(rawValue: 2)
    static let integer = ArgoKinds(rawValue: 4)
    static let decimal = ArgoKinds(rawValue: 8)
    static let text = ArgoKinds(rawValue: 16)
    static let list = ArgoKinds(rawValue: 32)
    static let map = ArgoKinds(rawValue: 64)
    static let number: ArgoKinds = [.integer, .decimal]
    static let any: ArgoKinds = [.null, .flag, .integer, .decimal, .text, .list, .map]

    /// The kinds, one by one.
    var single: [ArgoKinds] {
        [Self.null, .flag, .integer, .decimal, .text, .list, .map].filter { contains($0) }
    }

    var words: String {
        let names = [
            "null", "a boolean", "an integer", "a number", "a text", "a list", "an object",
        ]
        return zip([Self.null, .flag, .integer, .decimal, .text, .list, .map], names)
            .filter { contains($0.0) }.map(\.1).joined(separator: " or ")
    }
}

/// A value of an expression: known, known in part, or different from answer to answer.
///
/// A template is reviewed for answers that do not exist yet. What is the same in each of them is
/// known; `varies` stands for the rest, with the kinds that it may have and its name.
indirect enum ArgoValue: Sendable, Equatable {
    case null
    case flag(Bool)
    case integer(Int)
    case decimal(Double)
    case text(String)
    /// A text of which only the beginning is known.
    case beginning(String, name: String)
    case list([ArgoValue])
    /// `others`: the name of an object that may have more members; nil if it has no others.
    case map([String: ArgoValue], others: String?)
    case varies(ArgoKinds, name: String)

    /// A value that Argo decoded from JSON: every number is a float64.
    init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let flag): self = .flag(flag)
        case .number: self = .decimal(json.double ?? .nan)
        case .string(let text): self = .text(text)
        case .array(let elements): self = .list(elements.map { ArgoValue($0) })
        case .object(let members):
            self = .map(
                Dictionary(members.map { ($0.key, ArgoValue($0.value)) }) { $1 }, others: nil)
        }
    }

    var kinds: ArgoKinds {
        switch self {
        case .null: .null
        case .flag: .flag
        case .integer: .integer
        case .decimal: .decimal
        case .text, .beginning: .text
        case .list: .list
        case .map: .map
        case .varies(let kinds, _): kinds
        }
    }

    /// The number; nil for other kinds and for one that varies.
    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .decimal(let value): value
        default: nil
        }
    }

    /// What a person would call the value when it varies.
    var name: String? {
        switch self {
        case .varies(_, let name), .beginning(_, let name): name
        case .map(_, let others): others
        default: nil
        }
    }

    /// Whether two values are equal; nil if that differs from answer to answer.
    static func areEqual(_ a: ArgoValue, _ b: ArgoValue) -> Bool? {
        switch (a, b) {
        case (.varies(let kinds, _), let other), (let other, .varies(let kinds, _)):
            let reach = other.kinds.isDisjoint(with: .number) ? other.kinds : .number
            return kinds.isDisjoint(with: reach) ? false : nil
        case (.beginning(let beginning, _), .text(let text)),
            (.text(let text), .beginning(let beginning, _)):
            return text.hasPrefix(beginning) ? nil : false
        case (.beginning(let x, _), .beginning(let y, _)):
            return x.hasPrefix(y) || y.hasPrefix(x) ? nil : false
        case (.list(let x), .list(let y)):
            guard x.count == y.count else { return false }
            let same = zip(x, y).map { areEqual($0, $1) }
            return same.contains(false) ? false : same.contains(nil) ? nil : true
        case (.map(let x, let more), .map(let y, let others)):
            return more == nil && others == nil ? x == y : nil
        case (.text(let x), .text(let y)): return x.utf8.elementsEqual(y.utf8)
        default:
            if let x = a.number, let y = b.number { return x == y }
            return a == b
        }
    }
}
