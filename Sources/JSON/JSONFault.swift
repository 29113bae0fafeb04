/// Why bytes are not acceptable JSON, and at which offset.
public struct JSONFault: Error, Equatable, Sendable {
    /// The reason; the raw value is the text of `description`.
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

/// Limits of a JSON text; scanning stops at the first violation.
public struct JSONLimits: Sendable, Equatable {
    /// The maximum length of the text in bytes.
    public var maxBytes: Int
    /// The maximum nesting of arrays and objects; a top-level object has depth 1.
    public var maxDepth: Int
    /// Whether a duplicate key in one object is a fault. Does not apply to objects whose
    /// members are visited: there, the visitor has to check the keys.
    public var uniqueKeys: Bool

    public init(maxBytes: Int, maxDepth: Int, uniqueKeys: Bool = false) {
        self.maxBytes = maxBytes
        self.maxDepth = maxDepth
        self.uniqueKeys = uniqueKeys
    }

    /// Limits of a stored event line: 64 KiB, depth 16.
    public static let event = JSONLimits(maxBytes: 64 * 1024, maxDepth: 16)
    /// Limits of an incoming event line: also rejects duplicate keys, as `JSONValue` does.
    public static let newEvent = JSONLimits(maxBytes: 64 * 1024, maxDepth: 16, uniqueKeys: true)
}
