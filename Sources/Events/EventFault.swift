public import JSON

/// The reason why a line is not a valid event.
public enum EventFault: Error, Equatable, Sendable, CustomStringConvertible {
    case json(JSONFault)
    case missing(field: String)
    /// The field has an invalid value.
    case invalid(field: String, expected: String)
    /// The field has a number or time outside its range or in an unknown form. `value` is
    /// untrusted text of at most 64 characters.
    case outside(field: String, expected: String, value: String)
    /// No line of the body is accepted.
    case body(BodyFault)
    /// A line from a sender has the receiving node's own name.
    case ownNode
    /// A line from a sender has a name that only the receiving node writes.
    case reserved

    public var description: String {
        switch self {
        case .json(let fault): fault.description
        case .missing(let field): "field \"\(field)\" is missing"
        case .invalid(let field, let expected): "field \"\(field)\" must be \(expected)"
        case .outside(let field, let expected, let value):
            "field \"\(field)\" must be \(expected), not \(value)"
        case .body(let fault): fault.description
        case .reserved:
            "field \"event\" is the name of a decision, which only the receiving node itself writes"
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

/// Why a whole body holds no events, and what to change at the sender.
public enum BodyFault: Equatable, Sendable, CustomStringConvertible {
    /// The body is an array that is broken.
    case array(JSONFault)
    case utf16
    case messagePack
    /// Compressed, without a `Content-Encoding` that says so.
    case compressed(by: String)

    /// How shippers are set to send what is taken, as the end of a sentence.
    public static let remedy =
        "send one JSON object a line, or one JSON array (Vector: framing.method newline_delimited; "
        + "Fluent Bit: Format json_lines; Logstash: format json_batch; rsyslog omhttp: batch.format "
        + "newline; Filebeat: by way of Logstash)"

    public var description: String {
        switch self {
        case .array(let fault):
            "the body is a JSON array that is broken, and nothing of it is taken: \(fault)"
        case .utf16: "the body is UTF-16; send UTF-8"
        case .messagePack: "the body is MessagePack or another binary form; send JSON"
        case .compressed(by: "gzip"):
            "the body is gzip, but no header says so; send Content-Encoding: gzip"
        case .compressed(by: let coding):
            "the body is compressed by \(coding), which is not taken; send gzip with Content-Encoding: gzip, or plain text"
        }
    }
}
