import Core

/// A PromQL expression with arguments, such as `sum(up{app="$rollout"})`; `$$` is a dollar.
///
/// All arguments but `$window` must stand in a quoted string, so that a value can never become a
/// part of the expression. In a string they are escaped for its quotation marks. In the string of
/// a regex matcher (`=~` or `!~`) they are quoted first, so that a value matches only itself.
public struct QueryText: Sendable, Hashable {
    public enum Fault: Error, Sendable, Hashable {
        case syntax(ArgumentText.SyntaxFault)
        /// The argument stands outside of a string.
        case outsideOfString(MeasurementArgument)
    }

    private enum Piece: Sendable, Hashable {
        case text(String)
        /// `quote` is nil outside of a string.
        case argument(MeasurementArgument, quote: Unicode.Scalar?, isRegex: Bool)
    }

    private let pieces: [Piece]

    public init(_ text: String) throws(Fault) {
        var scan = Scan(rest: Substring(text).unicodeScalars)
        try scan.run()
        pieces = scan.pieces
    }

    public var arguments: Set<MeasurementArgument> {
        Set(
            pieces.compactMap { piece in
                if case .argument(let argument, _, _) = piece { argument } else { nil }
            })
    }

    /// The expression with the values in it. Throws for a missing value, and for one with a
    /// backtick in a string between backticks, where nothing can be escaped.
    public func filled(with values: MeasurementArguments) throws(ArgumentFault) -> String {
        var text = ""
        for piece in pieces {
            switch piece {
            case .text(let plain): text += plain
            case .argument(let argument, let quote, let isRegex):
                let value = try values.checked(argument)
                guard let quote else {
                    text += value
                    continue
                }
                guard let escaped = InertText.promQL(value, quote: quote, isRegex: isRegex) else {
                    throw .unusable(argument, value, "cannot stand between backticks")
                }
                text += escaped
            }
        }
        return text
    }

    /// Finds the arguments and the strings around them.
    private struct Scan {
        var rest: Substring.UnicodeScalarView
        private(set) var pieces: [Piece] = []
        private var plain = String.UnicodeScalarView()
        /// The quotation mark of the string that the scan is in.
        private var quote: Unicode.Scalar?
        private var isRegex = false
        private var isComment = false
        /// The last two scalars outside of strings that are not white space.
        private var tail: (Unicode.Scalar, Unicode.Scalar) = (" ", " ")

        init(rest: Substring.UnicodeScalarView) { self.rest = rest }

        mutating func run() throws(Fault) {
            while let scalar = rest.first {
                if scalar == "$" {
                    try dollar()
                } else {
                    rest.removeFirst()
                    plain.append(scalar)
                    follow(scalar)
                }
            }
            if !plain.isEmpty { pieces.append(.text(String(plain))) }
        }

        private mutating func dollar() throws(Fault) {
            let piece: ArgumentText.Piece
            do throws(ArgumentText.SyntaxFault) { piece = try ArgumentText.dollar(&rest) } catch {
                throw .syntax(error)
            }
            switch piece {
            case .text(let text): plain.append(contentsOf: text.unicodeScalars)
            case .argument(let argument):
                guard quote != nil || argument == .window && !isComment else {
                    throw .outsideOfString(argument)
                }
                if !plain.isEmpty { pieces.append(.text(String(plain))) }
                plain = String.UnicodeScalarView()
                pieces.append(.argument(argument, quote: quote, isRegex: isRegex))
            }
        }

        private mutating func follow(_ scalar: Unicode.Scalar) {
            if let quote {
                if scalar == quote {
                    self.quote = nil
                    tail = (" ", quote)
                } else if scalar == "\\", quote != "`", let next = rest.first, next != "$" {
                    plain.append(rest.removeFirst())
                }
            } else if isComment {
                isComment = scalar != "\n"
            } else if scalar == "#" {
                isComment = true
            } else if scalar == "\"" || scalar == "'" || scalar == "`" {
                quote = scalar
                isRegex = tail == ("=", "~") || tail == ("!", "~")
            } else if !scalar.properties.isWhitespace {
                tail = (tail.1, scalar)
            }
        }
    }
}
