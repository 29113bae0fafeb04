/// Why a run of bytes is not acceptable JSON, and where.
public struct JSONFault: Error, Equatable, Sendable {
    /// The closed set of reasons; `description` words them for people.
    public enum Reason: String, Sendable, CaseIterable {
        case empty = "no JSON value"
        case unexpectedByte = "unexpected byte"
        case unexpectedEnd = "the text ends inside a value"
        case trailingBytes = "bytes after the JSON value"
        case invalidNumber = "invalid number"
        case invalidEscape = "invalid escape in a string"
        case loneSurrogate = "lone surrogate in a string"
        case controlCharacter = "control character in a string"
        case invalidUTF8 = "invalid UTF-8"
        case tooDeep = "nested too deeply"
        case tooLong = "too many bytes"
        case duplicateKey = "the same key twice in one object"
        case notAnObject = "not a JSON object"
    }

    public let reason: Reason
    /// Byte offset into the scanned text, from 0.
    public let offset: Int

    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension JSONFault: CustomStringConvertible {
    public var description: String { "\(reason.rawValue) at byte \(offset)" }
}

/// Bounds that a text must keep; scanning stops at the first one broken.
public struct JSONLimits: Sendable, Equatable {
    /// Largest text, in bytes.
    public var maxBytes: Int
    /// Deepest nesting of arrays and objects; a top-level object is depth 1.
    public var maxDepth: Int
    /// Whether a key that occurs twice in one object is a fault. Objects whose
    /// members are visited are left to the visitor, which sees the keys anyway.
    public var uniqueKeys: Bool

    public init(maxBytes: Int, maxDepth: Int, uniqueKeys: Bool = false) {
        self.maxBytes = maxBytes
        self.maxDepth = maxDepth
        self.uniqueKeys = uniqueKeys
    }

    /// One event line: 64 KiB, depth 16.
    public static let event = JSONLimits(maxBytes: 64 * 1024, maxDepth: 16)
    /// One event line that comes in: what `JSONValue` refuses is refused at the door.
    public static let newEvent = JSONLimits(maxBytes: 64 * 1024, maxDepth: 16, uniqueKeys: true)
}
