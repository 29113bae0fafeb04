/// The expression language of a controller: Argo Rollouts 1.7 to 1.9 embed expr 1.15.5, 1.10 embeds 1.17.
enum ArgoDialect: Sendable, Hashable, CaseIterable {
    case before110
    case since110
}

/// One token of a condition, as Argo's lexer separates them.
struct ArgoToken: Sendable, Equatable {
    enum Kind: Sendable { case sign, word, text, number }

    let kind: Kind
    let text: String

    /// The words that are operators.
    static let operators: Set<String> = [
        "not", "in", "or", "and", "matches", "contains", "startsWith", "endsWith", "let",
    ]

    func isSign(_ text: String) -> Bool { kind == .sign && self.text == text }

    /// The tokens of a condition.
    ///
    /// Source: `parser/lexer/state.go` of expr 1.15.5 and 1.17.7.
    static func all(
        in text: String, _ dialect: ArgoDialect
    ) throws(ArgoExpression.Stop) -> [ArgoToken] {
        var lexer = Lexer(rest: Array(text.unicodeScalars)[...], dialect: dialect)
        var tokens: [ArgoToken] = []
        while let token = try lexer.next() { tokens.append(token) }
        return tokens
    }

    private struct Lexer {
        var rest: ArraySlice<Unicode.Scalar>
        let dialect: ArgoDialect

        private static func isDigit(_ s: Unicode.Scalar) -> Bool { ("0"..."9").contains(s) }
        private static func isWord(_ s: Unicode.Scalar) -> Bool {
            s == "_" || s == "$" || isDigit(s) || s.properties.isAlphabetic
        }

        private mutating func take(while fits: (Unicode.Scalar) -> Bool) -> String {
            let taken = rest.prefix(while: fits)
            rest = rest.dropFirst(taken.count)
            return String(String.UnicodeScalarView(taken))
        }

        mutating func next() throws(ArgoExpression.Stop) -> ArgoToken? {
            try skipBlanks()
            guard let first = rest.first else { return nil }
            if first == "\"" || first == "'" { return try quoted(first) }
            if first == "`" {
                guard dialect == .since110 else {
                    throw .error("a backtick, which Argo understands since 1.10")
                }
                return try raw()
            }
            if Self.isDigit(first)
                || first == "." && rest.dropFirst().first.map(Self.isDigit) ?? false
            {
                return try number()
            }
            if Self.isWord(first) {
                let word = take(while: Self.isWord)
                let isSign =
                    ArgoToken.operators.contains(word)
                    || dialect == .since110 && (word == "if" || word == "else")
                return ArgoToken(kind: isSign ? .sign : .word, text: word)
            }
            return try sign(first)
        }

        private mutating func skipBlanks() throws(ArgoExpression.Stop) {
            while let first = rest.first {
                let second = rest.dropFirst().first
                if first.properties.isWhitespace {
                    rest = rest.dropFirst()
                } else if first == "/", second == "/" {
                    _ = take { $0 != "\n" }
                } else if first == "/", second == "*" {
                    rest = rest.dropFirst(2)
                    while let one = rest.first, !(one == "*" && rest.dropFirst().first == "/") {
                        rest = rest.dropFirst()
                    }
                    guard !rest.isEmpty else { throw .error("a comment does not end") }
                    rest = rest.dropFirst(2)
                } else {
                    return
                }
            }
        }

        private mutating func quoted(
            _ quote: Unicode.Scalar
        ) throws(ArgoExpression.Stop) -> ArgoToken {
            rest = rest.dropFirst()
            var text = String.UnicodeScalarView()
            while let one = rest.first, one != quote {
                rest = rest.dropFirst()
                guard one == "\\" else {
                    if one == "\n" { throw .error("a text does not end on its line") }
                    text.append(one)
                    continue
                }
                guard let escape = rest.popFirst() else { throw .error("a text does not end") }
                switch escape {
                case "n": text.append("\n")
                case "t": text.append("\t")
                case "r": text.append("\r")
                case "\\", "\"", "'": text.append(escape)
                case "a", "b", "f", "v", "x", "u", "U", "0"..."7":
                    throw .undecided("the escape \\\(escape)")
                default: throw .error("the escape \\\(escape), which texts do not have")
                }
            }
            guard rest.first == quote else { throw .error("a text does not end") }
            rest = rest.dropFirst()
            return ArgoToken(kind: .text, text: String(text))
        }

        private mutating func raw() throws(ArgoExpression.Stop) -> ArgoToken {
            rest = rest.dropFirst()
            let inner = take { $0 != "`" }
            guard rest.first == "`" else { throw .error("a text does not end") }
            rest = rest.dropFirst()
            if rest.first == "`" { throw .undecided("a doubled backtick") }
            return ArgoToken(kind: .text, text: inner)
        }

        private mutating func number() throws(ArgoExpression.Stop) -> ArgoToken {
            let start = rest
            var text = take { Self.isDigit($0) || $0 == "_" }
            if rest.first == ".", rest.dropFirst().first != "." {
                rest = rest.dropFirst()
                text += "." + take { Self.isDigit($0) || $0 == "_" }
            }
            if rest.first == "e" || rest.first == "E" {
                rest = rest.dropFirst()
                text += "e"
                if let sign = rest.first, sign == "+" || sign == "-" {
                    text.unicodeScalars.append(sign)
                    rest = rest.dropFirst()
                }
                text += take(while: Self.isDigit)
            }
            if text == "0", let letter = rest.first, "xXoObB".unicodeScalars.contains(letter) {
                throw .undecided("a number that is not decimal")
            }
            if let next = rest.first, Self.isWord(next) {
                rest = start
                let whole = take(while: Self.isWord)
                throw .error(
                    "\(whole): write a member's name that begins with a digit in brackets: [\"5xx_rate\"]"
                )
            }
            return ArgoToken(kind: .number, text: text.replacing("_", with: ""))
        }

        private mutating func sign(
            _ first: Unicode.Scalar
        ) throws(ArgoExpression.Stop) -> ArgoToken {
            let second = rest.dropFirst().first
            func isSecond(_ scalars: String) -> Bool {
                second.map(scalars.unicodeScalars.contains) ?? false
            }
            let isDouble =
                switch first {
                case "&", "!", "=", "*", "<", ">": isSecond("&=*")
                case "?": isSecond(".?")
                case "|": isSecond("|")
                case ".": isSecond(".")
                case "#": isSecond("#")
                case ":": dialect == .since110 && isSecond(":")
                default: false
                }
            guard "([{)]},:;%+-^/&!=*<>?|.#".unicodeScalars.contains(first) else {
                throw .error("the character \(first)")
            }
            let text = String(String.UnicodeScalarView(rest.prefix(isDouble ? 2 : 1)))
            rest = rest.dropFirst(isDouble ? 2 : 1)
            return ArgoToken(kind: .sign, text: text)
        }
    }
}
