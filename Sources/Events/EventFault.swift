public import JSONScan

/// Why a line is JSON but not an event.
public enum EventFault: Error, Equatable, Sendable, CustomStringConvertible {
    case json(JSONFault)
    case missing(field: String)
    /// The field is there with a value it can't have.
    case invalid(field: String, expected: String)
    /// The field is there with a number or a time beyond its range. `value` is untrusted text
    /// of at most 64 characters.
    case outside(field: String, expected: String, value: String)
    /// It came from outside and bears the receiving node's own name.
    case ownNode

    public var description: String {
        switch self {
        case .json(let fault): fault.description
        case .missing(let field): "field \"\(field)\" is missing"
        case .invalid(let field, let expected): "field \"\(field)\" must be \(expected)"
        case .outside(let field, let expected, let value):
            "field \"\(field)\" must be \(expected), not \(value)"
        case .ownNode:
            "field \"node\" is this node's own name, and only it writes such lines; give each node a name of its own"
        }
    }

    /// Quotes the value as it stands in the line.
    public static func outside(
        field: String, expected: String, value: JSONScanner.Slice,
        in line: UnsafeRawBufferPointer
    ) -> Self {
        let text = value.words(in: line) ?? ""
        let quoted = text.count > 64 ? text.prefix(63) + "…" : text[...]
        return .outside(field: field, expected: expected, value: String(quoted))
    }
}
