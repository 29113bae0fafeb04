import JSON

/// Why a measurement request is refused, with the fields that could be read.
public struct RequestFault: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Reason: Sendable, Equatable {
        /// More bytes than `limit`. Answered with 413, all other reasons with 400.
        case tooLarge(limit: Int)
        case json(JSONFault)
        /// The query has an invalid escape, or a value is not UTF-8.
        case query(String)
        case missing
        /// Given more than once.
        case repeated
        case wrongType(expected: String)
        case invalid(String)
    }

    /// The field at fault; nil if the whole request is.
    public let field: String?
    public let reason: Reason
    /// The fields that could be read, for the refusal's event.
    public internal(set) var readable: ReadableRequest

    init(_ reason: Reason, field: String? = nil, readable: ReadableRequest = ReadableRequest()) {
        self.field = field
        self.reason = reason
        self.readable = readable
    }

    public var description: String {
        let words =
            switch reason {
            case .tooLarge(let limit): "is larger than \(limit) bytes"
            case .json(let fault): "is not acceptable JSON: \(fault)"
            case .query(let why): "is not a valid query: \(why)"
            case .missing: "is required"
            case .repeated: "is given more than once"
            case .wrongType(let expected): "must be \(expected)"
            case .invalid(let why): why
            }
        return field.map { "field \"\($0)\" \(words)" } ?? "the request \(words)"
    }
}

/// The identity in a request that may be invalid elsewhere.
///
/// Contains only valid values, so they are safe to log and to group by.
public struct ReadableRequest: Sendable, Equatable {
    public var namespace: String?
    public var rollout: String?
    public var revision: String?
    public var attempt: Int?

    public init(
        namespace: String? = nil, rollout: String? = nil, revision: String? = nil,
        attempt: Int? = nil
    ) {
        self.namespace = namespace
        self.rollout = rollout
        self.revision = revision
        self.attempt = attempt
    }
}
