import Core

/// Where a value is put into a text; decides how it is escaped and which values are refused.
public enum ArgumentPlace: Sendable, Hashable {
    /// Compared or passed as it is: a label's value, a process's name, a variable.
    case exact
    /// A part of a URL's path or query: percent-encoded.
    case address
    /// A part of a file's path: without a slash, and not only dots.
    case path
    /// A command's argument: must not begin with a dash where the command may take it for an
    /// option.
    case commandArgument
    /// Between quotation marks in which nothing can be escaped: without one, and without a
    /// backslash.
    case quoted
    /// A part of the user of basic authentication, which ends at the first colon.
    case user
}

/// A text with arguments, such as `/var/lib/$namespace/$rollout.json`; `$$` is a dollar.
///
/// A dollar before anything else than a letter, `_`, `{` and `$` stands for itself, as does
/// `${` before a digit (a group in `label_replace`).
public struct ArgumentText: Sendable, Hashable {
    /// A `$name` that is not an argument, or a `${` without its end.
    public struct SyntaxFault: Error, Sendable, Hashable {
        /// The name as written; nil for a `${` without `}`.
        public let name: String?
    }

    enum Piece: Sendable, Hashable {
        case text(String)
        case argument(MeasurementArgument)
    }

    let pieces: [Piece]

    /// A text without arguments, in which dollars stand for themselves.
    public init(literal text: String) { pieces = [.text(text)] }

    public init(_ text: String) throws(SyntaxFault) {
        var pieces: [Piece] = []
        var plain = String.UnicodeScalarView()
        var rest = Substring(text).unicodeScalars
        while let scalar = rest.first {
            guard scalar == "$" else {
                plain.append(rest.removeFirst())
                continue
            }
            switch try Self.dollar(&rest) {
            case .text(let text): plain.append(contentsOf: text.unicodeScalars)
            case .argument(let argument):
                if !plain.isEmpty { pieces.append(.text(String(plain))) }
                plain = String.UnicodeScalarView()
                pieces.append(.argument(argument))
            }
        }
        if !plain.isEmpty { pieces.append(.text(String(plain))) }
        self.pieces = pieces
    }

    /// Reads what a dollar begins, and removes it from the text.
    static func dollar(_ rest: inout Substring.UnicodeScalarView) throws(SyntaxFault) -> Piece {
        rest.removeFirst()
        guard let next = rest.first else { return .text("$") }
        if next == "$" {
            rest.removeFirst()
            return .text("$")
        }
        if next == "{" {
            let inner = rest.dropFirst()
            // Also for a name of an unknown form, which would otherwise look like plain text.
            if inner.first.map(isDigit) ?? false { return .text("$") }
            guard let end = inner.firstIndex(of: "}") else { throw SyntaxFault(name: nil) }
            let name = String(inner[..<end])
            rest = inner[inner.index(after: end)...]
            return .argument(try argument(name))
        }
        guard isLetter(next) else { return .text("$") }
        let name = String(rest.prefix { isLetter($0) || isDigit($0) })
        rest = rest.dropFirst(name.unicodeScalars.count)
        return .argument(try argument(name))
    }

    private static func argument(_ name: String) throws(SyntaxFault) -> MeasurementArgument {
        guard let argument = MeasurementArgument(rawValue: name) else {
            throw SyntaxFault(name: name)
        }
        return argument
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    public var arguments: Set<MeasurementArgument> {
        Set(
            pieces.compactMap { piece in
                if case .argument(let argument) = piece { argument } else { nil }
            })
    }

    /// The text before the first argument.
    public var beginning: String {
        if case .text(let text)? = pieces.first { text } else { "" }
    }

    /// The text with the values in it.
    ///
    /// Throws for a missing value and for one that must not stand in this place. Control
    /// characters are refused in every place.
    public func filled(
        with values: MeasurementArguments, in place: ArgumentPlace
    ) throws(ArgumentFault) -> String {
        var text = ""
        for piece in pieces {
            switch piece {
            case .text(let plain): text += plain
            case .argument(let argument):
                text += try Self.value(
                    of: argument, in: values, place, isFirst: text.isEmpty)
            }
        }
        return text
    }

    private static func value(
        of argument: MeasurementArgument, in values: MeasurementArguments, _ place: ArgumentPlace,
        isFirst: Bool
    ) throws(ArgumentFault) -> String {
        let value = try values.checked(argument)
        let isDots = value.utf8.allSatisfy { $0 == UInt8(ascii: ".") }
        switch place {
        case .exact: return value
        case .address:
            if isDots { throw .unusable(argument, value, "would change the folder of the address") }
            return PercentCoding.encode(value)
        case .path:
            if isDots || value.utf8.contains(UInt8(ascii: "/")) {
                throw .unusable(argument, value, "would lead out of the folder")
            }
            return value
        case .commandArgument:
            if isFirst, value.hasPrefix("-") {
                throw .unusable(argument, value, "the command would take for an option")
            }
            return value
        case .quoted:
            if value.contains("\"") || value.contains("\\") {
                throw .unusable(argument, value, "cannot stand between quotation marks")
            }
            return value
        case .user:
            if value.utf8.contains(UInt8(ascii: ":")) {
                throw .unusable(argument, value, "would end the user at its colon")
            }
            return value
        }
    }
}

extension MeasurementArguments {
    /// The value; throws if there is none or it has control characters.
    func checked(_ argument: MeasurementArgument) throws(ArgumentFault) -> String {
        guard let value = self[argument] else { throw .missing(argument) }
        guard !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { throw .unusable(argument, value, "has control characters") }
        return value
    }
}
