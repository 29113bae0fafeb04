public import JSONScan

/// Why a line is JSON but not an event.
public enum EventFault: Error, Equatable, Sendable, CustomStringConvertible {
    case json(JSONFault)
    case missing(field: String)
    /// The field is there with a value it can't have.
    case invalid(field: String, expected: String)
    /// It came from outside and bears the receiving node's own name.
    case ownNode

    public var description: String {
        switch self {
        case .json(let fault): fault.description
        case .missing(let field): "field \"\(field)\" is missing"
        case .invalid(let field, let expected): "field \"\(field)\" must be \(expected)"
        case .ownNode:
            "field \"node\" is this node's own name, and only it writes such lines; give each node a name of its own"
        }
    }
}
