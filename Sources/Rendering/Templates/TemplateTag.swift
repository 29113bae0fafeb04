/// One tag of a template, with its line.
struct TemplateTag: Hashable {
    enum Kind: Hashable {
        case variable
        case open
        case inverted
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

    /// A part of a template.
    enum Piece {
        case text(Substring)
        case tag(TemplateTag)
        /// A tag without an end, with its line; the last piece.
        case unclosed(Int)
    }

    /// Returns all tags of a template in order, up to one without an end, which the engine's
    /// parser rejects.
    static func all(in source: String) -> [TemplateTag] {
        pieces(in: source).compactMap { if case .tag(let tag) = $0 { tag } else { nil } }
    }

    /// Returns the texts and tags of a template in order.
    static func pieces(in source: String) -> [Piece] {
        var pieces: [Piece] = []
        var line = 1
        var rest = source[...]
        while let open = rest.firstRange(of: "{{") {
            pieces.append(.text(rest[..<open.lowerBound]))
            line += rest[..<open.lowerBound].count(where: \.isNewline)
            let inner = rest[open.upperBound...]
            guard let close = inner.firstRange(of: "}}") else {
                pieces.append(.unclosed(line))
                return pieces
            }
            let body = inner[..<close.lowerBound]
            pieces.append(.tag(TemplateTag(body, line: line)))
            line += body.count(where: \.isNewline)
            rest = inner[close.upperBound...]
        }
        pieces.append(.text(rest))
        return pieces
    }

    private init(_ body: Substring, line: Int) {
        self.line = line
        let first = body.first ?? " "
        let rest: Substring
        switch first {
        case "#": (kind, rest) = (.open, body.dropFirst())
        case "^": (kind, rest) = (.inverted, body.dropFirst())
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
