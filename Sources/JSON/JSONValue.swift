/// A JSON tree, for code that is not performance-critical: request bodies, probe output, hooks.
///
/// Numbers keep their source text: `1` and `1.0` stay distinct and no integer is rounded.
/// Use `JSONScanner` for event lines.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The number's source text; see `double` and `integer`.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// Members in source order; keys are unique.
    case object([Member])

    public struct Member: Sendable, Equatable {
        public let key: String
        public let value: JSONValue

        public init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }

        /// Whether the key equals `name`, compared byte by byte.
        func isNamed(_ name: String) -> Bool { key.utf8.elementsEqual(name.utf8) }
    }

    /// Parses exactly one JSON value.
    ///
    /// Throws for text that `JSONScanner` rejects and for duplicate keys in one object.
    public init(parsing bytes: UnsafeRawBufferPointer, limits: JSONLimits) throws(JSONFault) {
        let root = try JSONScanner.validate(bytes, limits: limits)
        try self.init(of: root, in: bytes)
    }

    public init(parsing bytes: [UInt8], limits: JSONLimits) throws(JSONFault) {
        var fault: JSONFault?
        let value = bytes.withUnsafeBytes { raw -> JSONValue in
            do throws(JSONFault) { return try JSONValue(parsing: raw, limits: limits) } catch {
                fault = error
                return .null
            }
        }
        if let fault { throw fault }
        self = value
    }

    /// Builds the tree of the validated value `slice` in `bytes`.
    ///
    /// Throws for duplicate keys in one object.
    public init(
        of slice: JSONScanner.Slice, in bytes: UnsafeRawBufferPointer
    ) throws(JSONFault) {
        switch slice.kind {
        case .null: self = .null
        case .bool: self = .bool(slice.bool(in: bytes) ?? false)
        case .number: self = .number(slice.raw(in: bytes))
        case .string: self = .string(slice.text(in: bytes) ?? "")
        case .array:
            var elements: [JSONValue] = []
            try JSONScanner.elements(of: slice, in: bytes) { (element) throws(JSONFault) in
                elements.append(try JSONValue(of: element, in: bytes))
            }
            self = .array(elements)
        case .object:
            var members: [Member] = []
            var filter = KeyFilter()
            try JSONScanner.members(of: slice, in: bytes) { (key, value) throws(JSONFault) in
                filter.note(key, in: bytes)
                members.append(
                    Member(key.text(in: bytes) ?? "", try JSONValue(of: value, in: bytes)))
            }
            if filter.isInDoubt { try JSONScanner.refuseRepeatedKeys(of: slice, in: bytes) }
            self = .object(members)
        }
    }

    /// The member `key` of an object; nil for other kinds and missing keys.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.isNamed(key) }?.value
    }

    /// The element `index` of an array; nil for other kinds and out of range.
    public subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    public var double: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }

    /// The number, if it is whole and fits `Int64`.
    public var integer: Int64? {
        guard case .number(let text) = self else { return nil }
        return Int64(text) ?? Double(text).flatMap { Int64(exactly: $0) }
    }

    public var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    public var bool: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }

    /// Returns the value at a JSON Pointer (RFC 6901), or nil if there is none or the pointer
    /// is malformed.
    public func resolve(pointer: String) -> JSONValue? {
        if pointer.isEmpty { return self }
        guard pointer.hasPrefix("/") else { return nil }
        var current = self
        for part in pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            let token = Self.unescapePointer(part)
            let next: JSONValue?
            switch current {
            case .object: next = current[token]
            case .array:
                // RFC 6901 §4: no leading zeros. `Int(_:)` alone would also accept a sign.
                let canonical =
                    token == "0"
                    || !token.hasPrefix("0") && token.utf8.allSatisfy { $0 &- 0x30 < 10 }
                next = canonical ? Int(token).flatMap { current[$0] } : nil
            default: next = nil
            }
            guard let next else { return nil }
            current = next
        }
        return current
    }

    /// Decodes `~1` as `/` and `~0` as `~` (RFC 6901 §4).
    private static func unescapePointer(_ part: Substring) -> String {
        var out = ""
        var tilde = false
        for character in part {
            if tilde {
                out.append(character == "1" ? "/" : character == "0" ? "~" : "~\(character)")
                tilde = false
            } else if character == "~" {
                tilde = true
            } else {
                out.append(character)
            }
        }
        return tilde ? out + "~" : out
    }
}

extension JSONValue {
    /// The elements of an array; nil for any other value.
    public var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members of an object; nil for any other value.
    public var members: [Member]? { if case .object(let members) = self { members } else { nil } }
}
