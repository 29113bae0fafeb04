/// Parses a regular expression.
struct FilterPatternParser {
    indirect enum Tree {
        case step(FilterPattern.Step)
        case sequence([Tree])
        case either([Tree])
        /// nil: without an upper bound.
        case repeated(Tree, Int, Int?)
    }

    struct Fault: Error {
        let fault: String
        let remedy: String

        init(_ fault: String, _ remedy: String) {
            self.fault = fault
            self.remedy = remedy
        }
    }

    /// `\w`.
    static let word: [ClosedRange<UInt32>] = [
        0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A,
    ]
    private static let digit: [ClosedRange<UInt32>] = [0x30...0x39]
    private static let space: [ClosedRange<UInt32>] = [0x09...0x0D, 0x20...0x20]

    private var rest: Substring.UnicodeScalarView
    private var depth = 0
    private(set) var ignoresCase = false

    init(_ source: String) { rest = Substring(source).unicodeScalars }

    mutating func parse() throws(Fault) -> Tree {
        if eat("(?i)") { ignoresCase = true }
        let tree = try either()
        guard rest.isEmpty else {
            throw Fault("a group is closed that is not open", "write \\) for the character")
        }
        return tree
    }

    private mutating func eat(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest = rest.dropFirst(text.unicodeScalars.count)
        return true
    }

    private mutating func either() throws(Fault) -> Tree {
        depth += 1
        defer { depth -= 1 }
        guard depth < 32 else { throw Fault("the groups are nested too deeply", "nest them less") }
        var parts = [try sequence()]
        while eat("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .either(parts)
    }

    private mutating func sequence() throws(Fault) -> Tree {
        var parts: [Tree] = []
        while let next = rest.first, next != "|", next != ")" {
            parts.append(try quantified(try atom()))
        }
        return .sequence(parts)
    }

    private mutating func quantified(_ part: Tree) throws(Fault) -> Tree {
        var bounds: (Int, Int?)?
        if eat("*") {
            bounds = (0, nil)
        } else if eat("+") {
            bounds = (1, nil)
        } else if eat("?") {
            bounds = (0, 1)
        } else if rest.first == "{" {
            bounds = try counted()
        }
        guard let bounds else { return part }
        if eat("+") {
            throw Fault("possessive repeats are not supported", "remove the second +")
        }
        // A lazy repeat finds the same texts.
        _ = eat("?")
        if let next = rest.first, "*+?{".unicodeScalars.contains(next) {
            throw Fault("a repeat is repeated", "put a group around the first one")
        }
        if case .step(.start) = part { throw Fault("^ is repeated", "write \\^ for the character") }
        return .repeated(part, bounds.0, bounds.1)
    }

    private mutating func counted() throws(Fault) -> (Int, Int?) {
        let fault = Fault("a repeat like {2,5} is malformed", "write \\{ for the character")
        rest.removeFirst()
        guard let least = number() else { throw fault }
        var most: Int? = least
        if eat(",") { most = rest.first == "}" ? nil : number() ?? -1 }
        guard eat("}"), most.map({ $0 >= least }) ?? true else { throw fault }
        return (least, most)
    }

    private mutating func number() -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        guard digits.count < 4, let number = Int(String(digits)) else { return nil }
        rest = rest.dropFirst(digits.count)
        return number
    }

    private mutating func atom() throws(Fault) -> Tree {
        let next = rest.removeFirst()
        switch next {
        case ".": return .step(.any)
        case "^": return .step(.start)
        case "$": return .step(.end)
        case "[": return .step(try set())
        case "\\": return .step(try escape(inSet: false))
        case "(":
            if !eat("?:"), rest.first == "?" {
                throw Fault(
                    "this kind of group is not supported",
                    "write (…), (?:…), or (?i) at the start")
            }
            let tree = try either()
            guard eat(")") else { throw Fault("a group is not closed", "close it with )") }
            return tree
        case "*", "+", "?", "{":
            throw Fault("\(next) repeats nothing", "write \\\(next) for the character")
        default: return .step(.scalar(next.value))
        }
    }

    private mutating func escape(inSet: Bool) throws(Fault) -> FilterPattern.Step {
        guard let next = rest.popFirst() else {
            throw Fault("a backslash ends the expression", "write \\\\ for the character")
        }
        switch next {
        case "d": return .set(Self.digit, isNegated: false)
        case "D": return .set(Self.digit, isNegated: true)
        case "w": return .set(Self.word, isNegated: false)
        case "W": return .set(Self.word, isNegated: true)
        case "s": return .set(Self.space, isNegated: false)
        case "S": return .set(Self.space, isNegated: true)
        case "n": return .scalar(0x0A)
        case "r": return .scalar(0x0D)
        case "t": return .scalar(0x09)
        case "b" where !inSet: return .boundary(isNegated: false)
        case "B" where !inSet: return .boundary(isNegated: true)
        default:
            guard !next.properties.isAlphabetic, !("0"..."9").contains(next) else {
                throw Fault("\\\(next) is not supported", "see docs/filters.md for what is")
            }
            return .scalar(next.value)
        }
    }

    private mutating func set() throws(Fault) -> FilterPattern.Step {
        let open = Fault("a class is not closed", "close it with ], or write \\[")
        let isNegated = eat("^")
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while true {
            guard let next = rest.first else { throw open }
            if next == "]", !isFirst {
                rest.removeFirst()
                return .set(ranges, isNegated: isNegated)
            }
            isFirst = false
            guard let low = try member(&ranges) else { continue }
            var high = low
            if rest.first == "-", rest.dropFirst().first.map({ $0 != "]" }) ?? false {
                rest.removeFirst()
                guard let end = try member(&ranges), end >= low else {
                    throw Fault("a range of a class is malformed", "write it like [a-z]")
                }
                high = end
            }
            ranges.append(low...high)
        }
    }

    /// Parses one scalar of a class; nil for a class such as `\d`, which it adds to `ranges`.
    private mutating func member(
        _ ranges: inout [ClosedRange<UInt32>]
    ) throws(Fault) -> UInt32? {
        guard let next = rest.popFirst() else {
            throw Fault("a class is not closed", "close it with ], or write \\[")
        }
        guard next == "\\" else { return next.value }
        switch try escape(inSet: true) {
        case .scalar(let scalar): return scalar
        case .set(let more, false):
            ranges += more
            return nil
        default: throw Fault("a negated class within a class is not supported", "list the rest")
        }
    }
}
