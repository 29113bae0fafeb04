public import JSONScan

/// The reason why a line is not a valid event.
public enum EventFault: Error, Equatable, Sendable, CustomStringConvertible {
    case json(JSONFault)
    case missing(field: String)
    /// The field has an invalid value.
    case invalid(field: String, expected: String)
    /// The field has a number or time outside its range. `value` is untrusted text of at most
    /// 64 characters.
    case outside(field: String, expected: String, value: String)
    /// A line from a sender has the receiving node's own name.
    case ownNode

    public var description: String {
        switch self {
        case .json(let fault): fault.description
        case .missing(let field): "field \"\(field)\" is missing"
        case .invalid(let field, let expected): "field \"\(field)\" must be \(expected)"
        case .outside(let field, let expected, let value):
            "field \"\(field)\" must be \(expected), not \(value)"
        case .ownNode:
            "field \"node\" is the receiving node's own name, which no other sender may use; give each node a different name"
        }
    }

    /// Makes an `outside` fault that quotes the value as it is written in the line.
    public static func outside(
        field: String, expected: String, value: JSONScanner.Slice,
        in line: UnsafeRawBufferPointer
    ) -> Self {
        let text = value.words(in: line) ?? ""
        let quoted = text.count > 64 ? text.prefix(63) + "…" : text[...]
        return .outside(field: field, expected: expected, value: String(quoted))
    }
}
