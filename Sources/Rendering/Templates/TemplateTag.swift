/// One tag of a template, with its line.
struct TemplateTag: Hashable {
    enum Kind: Hashable {
        case variable
        case open
        case close
        case partial
        case comment
        /// A tag that is not allowed, by its first character.
        case refused(Character)
    }

    let kind: Kind
    /// The name without transforms: `rows` for `count(rows)`.
    let name: String
    let transforms: [String]
    let line: Int

    /// Returns all tags of a template in order, up to one without an end, which the engine's
    /// parser rejects.
    static func all(in source: String) -> [TemplateTag] {
        var tags: [TemplateTag] = []
        var line = 1
        var rest = source[...]
        while let open = rest.firstRange(of: "{{") {
            line += rest[..<open.lowerBound].count(where: \.isNewline)
            let inner = rest[open.upperBound...]
            guard let close = inner.firstRange(of: "}}") else { break }
            let body = inner[..<close.lowerBound]
            tags.append(TemplateTag(body, line: line))
            line += body.count(where: \.isNewline)
            rest = inner[close.upperBound...]
        }
        return tags
    }

    private init(_ body: Substring, line: Int) {
        self.line = line
        let first = body.first ?? " "
        let rest: Substring
        switch first {
        case "#", "^": (kind, rest) = (.open, body.dropFirst())
        case "/": (kind, rest) = (.close, body.dropFirst())
        case ">": (kind, rest) = (.partial, body.dropFirst())
        case "!": (kind, rest) = (.comment, "")
        case "{", "&", "=", "%", "<", "$", "*": (kind, rest) = (.refused(first), body.dropFirst())
        default: (kind, rest) = (.variable, body)
        }
        var words = rest.filter { !$0.isWhitespace }
        var transforms: [String] = []
        while words.hasSuffix(")"), let bracket = words.firstIndex(of: "(") {
            transforms.append(String(words[..<bracket]))
            words = String(words[words.index(after: bracket)...].dropLast())
        }
        name = words
        self.transforms = transforms
    }
}
