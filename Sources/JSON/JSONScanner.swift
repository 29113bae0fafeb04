/// Validates JSON text (RFC 8259) in one pass and reports byte ranges; builds no tree.
///
/// Stricter than the RFC where readers could differ: invalid UTF-8 and lone surrogates are
/// faults. Not thread-safe; use a value only within one `withUnsafeBytes` call.
public struct JSONScanner {
    @usableFromInline let bytes: UnsafeRawBufferPointer
    @usableFromInline let maxDepth: Int
    @usableFromInline let uniqueKeys: Bool
    @usableFromInline var at: Int

    /// The kind of a value, determined by its first byte.
    @frozen public enum Kind: Sendable { case object, array, string, number, bool, null }

    /// A validated value inside the scanned text.
    @frozen public struct Slice: Sendable, Equatable {
        public let kind: Kind
        /// The byte range of the value, including quotes and brackets.
        public let range: Range<Int>
        /// Whether a string contains a backslash; false for other kinds.
        public let escaped: Bool

        @inlinable
        init(kind: Kind, range: Range<Int>, escaped: Bool) {
            self.kind = kind
            self.range = range
            self.escaped = escaped
        }
    }

    @inlinable
    init(_ bytes: UnsafeRawBufferPointer, maxDepth: Int, uniqueKeys: Bool = false) {
        self.bytes = bytes
        self.maxDepth = maxDepth
        self.uniqueKeys = uniqueKeys
        self.at = 0
    }

    /// Starts at the object that `bytes` must consist of; throws if it does not start with one.
    @inlinable
    init(atObjectIn bytes: UnsafeRawBufferPointer, limits: JSONLimits) throws(JSONFault) {
        guard bytes.count <= limits.maxBytes else { throw JSONFault(.tooLong, at: limits.maxBytes) }
        self.init(bytes, maxDepth: limits.maxDepth, uniqueKeys: limits.uniqueKeys)
        skipSpace()
        guard at < bytes.count else { throw JSONFault(.empty, at: at) }
        guard bytes[at] == UInt8(ascii: "{") else { throw JSONFault(.notAnObject, at: at) }
    }

    /// Validates that `bytes` is exactly one JSON value, optionally surrounded by white space.
    @discardableResult
    public static func validate(
        _ bytes: UnsafeRawBufferPointer, limits: JSONLimits
    ) throws(JSONFault) -> Slice {
        guard bytes.count <= limits.maxBytes else { throw JSONFault(.tooLong, at: limits.maxBytes) }
        var scanner = JSONScanner(
            bytes, maxDepth: limits.maxDepth, uniqueKeys: limits.uniqueKeys)
        scanner.skipSpace()
        guard scanner.at < bytes.count else { throw JSONFault(.empty, at: scanner.at) }
        let slice = try scanner.value(depth: 0)
        try scanner.end()
        return slice
    }

    /// Validates one JSON object and calls `visit` for each of its members in order.
    ///
    /// `key` is a string slice. Members are visited during the scan: a fault later in the text
    /// is thrown after the preceding members were visited.
    @inlinable
    public static func members(
        of bytes: UnsafeRawBufferPointer, limits: JSONLimits,
        _ visit: (_ key: Slice, _ value: Slice) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        var scanner = try JSONScanner(atObjectIn: bytes, limits: limits)
        try scanner.object(depth: 1, visit)
        try scanner.end()
    }

    /// Validates one JSON object and also visits the elements of selected arrays in the same pass.
    ///
    /// If `isList` returns true for a key and its value is an array, `element` is called with
    /// the key and each element, before `visit` is called with the array itself.
    @inlinable
    public static func members(
        of bytes: UnsafeRawBufferPointer, limits: JSONLimits,
        listing isList: (_ key: Slice) -> Bool,
        _ element: (_ key: Slice, _ element: Slice) throws(JSONFault) -> Void,
        visit: (_ key: Slice, _ value: Slice) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        var scanner = try JSONScanner(atObjectIn: bytes, limits: limits)
        try scanner.walk(depth: 1) { (scanner, key) throws(JSONFault) in
            guard isList(key), scanner.at < bytes.count, bytes[scanner.at] == UInt8(ascii: "[")
            else { return try visit(key, scanner.value(depth: 1)) }
            let start = scanner.at
            try scanner.array(depth: 2) { (slice) throws(JSONFault) in try element(key, slice) }
            try visit(key, Slice(kind: .array, range: start..<scanner.at, escaped: false))
        }
        try scanner.end()
    }

    /// Returns the value that starts at `offset` in text that was validated before.
    ///
    /// A scalar has its exact range. The range of an object or array extends to the end of the
    /// text; use it only to visit its members or elements.
    public static func value(
        at offset: Int, in bytes: UnsafeRawBufferPointer
    ) throws(JSONFault) -> Slice {
        guard offset < bytes.count else { throw JSONFault(.unexpectedEnd, at: offset) }
        switch bytes[offset] {
        case UInt8(ascii: "{"):
            return Slice(kind: .object, range: offset..<bytes.count, escaped: false)
        case UInt8(ascii: "["):
            return Slice(kind: .array, range: offset..<bytes.count, escaped: false)
        default:
            var scanner = JSONScanner(bytes, maxDepth: .max)
            scanner.at = offset
            return try scanner.value(depth: 0)
        }
    }

    /// Validates the value at `offset`, nested in `depth` containers; returns its end.
    public static func end(
        ofValueAt offset: Int, in bytes: UnsafeRawBufferPointer, limits: JSONLimits,
        within depth: Int
    ) throws(JSONFault) -> Int {
        var scanner = JSONScanner(
            bytes, maxDepth: limits.maxDepth, uniqueKeys: limits.uniqueKeys)
        scanner.at = offset
        _ = try scanner.value(depth: depth)
        return scanner.at
    }

    /// Calls `visit` for each element of the validated array `slice` in `bytes`.
    @inlinable
    public static func elements(
        of slice: Slice, in bytes: UnsafeRawBufferPointer,
        _ visit: (Slice) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        guard slice.kind == .array else {
            throw JSONFault(.unexpectedByte, at: slice.range.lowerBound)
        }
        var scanner = JSONScanner(bytes, maxDepth: .max)
        scanner.at = slice.range.lowerBound
        try scanner.array(depth: 1, visit)
    }

    /// Calls `visit` for each member of the validated object `slice` in `bytes`.
    @inlinable
    public static func members(
        of slice: Slice, in bytes: UnsafeRawBufferPointer,
        _ visit: (_ key: Slice, _ value: Slice) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        guard slice.kind == .object else {
            throw JSONFault(.notAnObject, at: slice.range.lowerBound)
        }
        var scanner = JSONScanner(bytes, maxDepth: .max)
        scanner.at = slice.range.lowerBound
        try scanner.object(depth: 1, visit)
    }

    // MARK: - Grammar

    // `object`, `walk` and `array` are inlined into each caller: the calls of their closures would
    // otherwise take a third of the time in which the log accepts a line.

    @inlinable @inline(__always)
    mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0A, 0x0D: at += 1
            default: return
            }
        }
    }

    @inlinable
    mutating func end() throws(JSONFault) {
        skipSpace()
        if at < bytes.count { throw JSONFault(.trailingBytes, at: at) }
    }

    /// - Parameter depth: The number of containers around this value.
    @inlinable
    mutating func value(depth: Int) throws(JSONFault) -> Slice {
        guard at < bytes.count else { throw JSONFault(.unexpectedEnd, at: at) }
        let start = at
        switch bytes[at] {
        case UInt8(ascii: "\""):
            let escaped = try string()
            return Slice(kind: .string, range: start..<at, escaped: escaped)
        case UInt8(ascii: "{"):
            try skipObject(depth: depth + 1)
            return Slice(kind: .object, range: start..<at, escaped: false)
        case UInt8(ascii: "["):
            try skipArray(depth: depth + 1)
            return Slice(kind: .array, range: start..<at, escaped: false)
        case UInt8(ascii: "t"):
            try literal("true")
            return Slice(kind: .bool, range: start..<at, escaped: false)
        case UInt8(ascii: "f"):
            try literal("false")
            return Slice(kind: .bool, range: start..<at, escaped: false)
        case UInt8(ascii: "n"):
            try literal("null")
            return Slice(kind: .null, range: start..<at, escaped: false)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try number()
            return Slice(kind: .number, range: start..<at, escaped: false)
        default:
            throw JSONFault(.unexpectedByte, at: at)
        }
    }

    @inlinable @inline(__always)
    mutating func object(
        depth: Int, _ visit: (Slice, Slice) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        try walk(depth: depth) { (scanner, key) throws(JSONFault) in
            try visit(key, scanner.value(depth: depth))
        }
    }

    /// Visits the members of an object. `member` gets the scanner at the value and must leave it
    /// after the value.
    @inlinable @inline(__always)
    mutating func walk(
        depth: Int, _ member: (inout JSONScanner, Slice) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        guard depth <= maxDepth else { throw JSONFault(.tooDeep, at: at) }
        at += 1
        skipSpace()
        if at < bytes.count, bytes[at] == UInt8(ascii: "}") {
            at += 1
            return
        }
        while true {
            skipSpace()
            guard at < bytes.count else { throw JSONFault(.unexpectedEnd, at: at) }
            guard bytes[at] == UInt8(ascii: "\"") else { throw JSONFault(.unexpectedByte, at: at) }
            let keyStart = at
            let escaped = try string()
            let key = Slice(kind: .string, range: keyStart..<at, escaped: escaped)
            skipSpace()
            guard at < bytes.count else { throw JSONFault(.unexpectedEnd, at: at) }
            guard bytes[at] == UInt8(ascii: ":") else { throw JSONFault(.unexpectedByte, at: at) }
            at += 1
            skipSpace()
            try member(&self, key)
            skipSpace()
            guard at < bytes.count else { throw JSONFault(.unexpectedEnd, at: at) }
            switch bytes[at] {
            case UInt8(ascii: ","): at += 1
            case UInt8(ascii: "}"):
                at += 1
                return
            default: throw JSONFault(.unexpectedByte, at: at)
            }
        }
    }

    @inlinable @inline(__always)
    mutating func array(
        depth: Int, _ visit: (Slice) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        guard depth <= maxDepth else { throw JSONFault(.tooDeep, at: at) }
        at += 1
        skipSpace()
        if at < bytes.count, bytes[at] == UInt8(ascii: "]") {
            at += 1
            return
        }
        while true {
            skipSpace()
            let element = try value(depth: depth)
            try visit(element)
            skipSpace()
            guard at < bytes.count else { throw JSONFault(.unexpectedEnd, at: at) }
            switch bytes[at] {
            case UInt8(ascii: ","): at += 1
            case UInt8(ascii: "]"):
                at += 1
                return
            default: throw JSONFault(.unexpectedByte, at: at)
            }
        }
    }

    /// Validates an object whose members are not visited; checks for duplicate keys if required.
    @usableFromInline
    mutating func skipObject(depth: Int) throws(JSONFault) {
        guard uniqueKeys else {
            try object(depth: depth) { (_, _) throws(JSONFault) in }
            return
        }
        let start = at
        let bytes = self.bytes
        var filter = KeyFilter()
        try object(depth: depth) { (key, _) throws(JSONFault) in filter.note(key, in: bytes) }
        guard filter.isInDoubt else { return }
        try Self.refuseRepeatedKeys(
            of: Slice(kind: .object, range: start..<at, escaped: false), in: bytes)
    }

    @usableFromInline
    mutating func skipArray(depth: Int) throws(JSONFault) {
        try array(depth: depth) { (_) throws(JSONFault) in }
    }

    @usableFromInline
    mutating func literal(_ word: StaticString) throws(JSONFault) {
        let count = word.utf8CodeUnitCount
        for i in 0..<count {
            guard at + i < bytes.count else { throw JSONFault(.unexpectedEnd, at: bytes.count) }
            guard bytes[at + i] == word.utf8Start[i] else {
                throw JSONFault(.unexpectedByte, at: at + i)
            }
        }
        at += count
    }

    @usableFromInline
    mutating func number() throws(JSONFault) {
        let start = at
        if bytes[at] == UInt8(ascii: "-") { at += 1 }
        guard at < bytes.count else { throw JSONFault(.invalidNumber, at: start) }
        if bytes[at] == UInt8(ascii: "0") {
            at += 1
        } else {
            guard digits() > 0 else { throw JSONFault(.invalidNumber, at: start) }
        }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at += 1
            guard digits() > 0 else { throw JSONFault(.invalidNumber, at: start) }
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < bytes.count,
                bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-")
            {
                at += 1
            }
            guard digits() > 0 else { throw JSONFault(.invalidNumber, at: start) }
        }
        if at < bytes.count, bytes[at] >= UInt8(ascii: "0"), bytes[at] <= UInt8(ascii: "9") {
            throw JSONFault(.invalidNumber, at: start)
        }
    }

    @inline(__always)
    mutating func digits() -> Int {
        let start = at
        while at < bytes.count, bytes[at] &- 0x30 < 10 { at += 1 }
        return at - start
    }
}
