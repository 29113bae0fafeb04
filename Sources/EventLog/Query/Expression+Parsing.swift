import JSON

/// A syntax error in an expression: where it is and how to correct it.
public struct ExpressionFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The part of the text that cannot be parsed.
    public let part: String
    /// Where the part starts, in characters from 1.
    public let column: Int
    public let fault: String
    public let remedy: String

    public var description: String { "column \(column), \"\(part)\": \(fault); \(remedy)" }
}

extension Expression {
    /// Parses an expression such as `status=unhealthy deltas.value>0.01 message~"too few"`.
    public init(_ text: String) throws(ExpressionFault) {
        var terms: [Term] = []
        var rest = Substring(text)
        while true {
            rest = rest.drop { $0.isWhitespace }
            guard !rest.isEmpty else { break }
            terms.append(try Self.term(&rest, of: text))
        }
        self.init(terms: terms)
    }

    private static func term(
        _ rest: inout Substring, of text: String
    ) throws(ExpressionFault) -> Term {
        let start = rest
        func fault(_ fault: String, _ remedy: String) -> ExpressionFault {
            ExpressionFault(
                part: String(start.prefix { !$0.isWhitespace }),
                column: text.distance(from: text.startIndex, to: start.startIndex) + 1,
                fault: fault, remedy: remedy)
        }
        let field = rest.prefix { !"=!<>~\"".contains($0) && !$0.isWhitespace }
        rest = rest.dropFirst(field.count)
        guard !field.isEmpty else {
            throw fault("no field before the comparison", "write field=value")
        }
        let path = field.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard path.allSatisfy({ !$0.isEmpty }) else {
            throw fault("empty part in the path", "write names joined by single dots")
        }
        // Longer operators are tried first.
        guard
            let comparison = Operator.allCases.sorted(by: { $0.rawValue.count > $1.rawValue.count })
                .first(where: { rest.hasPrefix($0.rawValue) })
        else {
            throw fault(
                rest.isEmpty || rest.first?.isWhitespace == true
                    ? "no comparison" : "unknown comparison",
                "use one of = != > < ~ without spaces around it")
        }
        rest = rest.dropFirst(comparison.rawValue.count)
        let value: String
        if rest.first == "\"" {
            guard let (text, length) = quoted(rest) else {
                throw fault(
                    "the quoted value doesn't end", "close it with \" and escape as in JSON")
            }
            value = text
            rest = rest.dropFirst(length)
            guard rest.isEmpty || rest.first?.isWhitespace == true else {
                throw fault("something follows the quoted value", "put a space after the quote")
            }
        } else {
            let word = rest.prefix { !$0.isWhitespace }
            guard let first = word.first, !"=!<>~".contains(first) else {
                throw fault(
                    word.isEmpty ? "no value after the comparison" : "unknown comparison",
                    word.isEmpty
                        ? "write the value right after it, or \"\" for an empty one"
                        : "use one of = != > < ~ and quote a value that starts with one of them")
            }
            value = String(word)
            rest = rest.dropFirst(word.count)
        }
        return Term(path: path, comparison: comparison, value: value)
    }

    /// The decoded JSON string at the start of `text`, and its length in characters.
    private static func quoted(_ text: Substring) -> (String, Int)? {
        var escaped = false
        var length = 1
        for character in text.dropFirst() {
            length += 1
            if escaped {
                escaped = false
            } else if character == "\\" {
                escaped = true
            } else if character == "\"" {
                let bytes = Array(text.prefix(length).utf8)
                let limits = JSONLimits(maxBytes: bytes.count, maxDepth: 1)
                return (try? JSONValue(parsing: bytes, limits: limits))?.string.map { ($0, length) }
            }
        }
        return nil
    }
}
