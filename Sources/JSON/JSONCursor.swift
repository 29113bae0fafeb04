/// Iterates over the tokens of JSON text that was validated before.
///
/// Several times as fast as `JSONScanner`, because it only searches for the ends of tokens.
/// On text that was not validated it stops early or returns meaningless slices, but never
/// reads out of bounds. Not thread-safe; use a value only within one `withUnsafeBytes` call.
public struct JSONCursor {
    @usableFromInline let base: UnsafeRawPointer
    @usableFromInline let count: Int
    /// Offset of the next unread byte.
    @usableFromInline var at: Int

    /// Whether the cursor met something that validated text cannot contain.
    ///
    /// True if the text ends within a token or a container, or a delimiter is missing. Slices
    /// returned after that are meaningless.
    public var isBroken: Bool { wasBroken }
    @usableFromInline var wasBroken = false

    /// Starts before the first byte of `bytes`; nil if `bytes` has no base address.
    @inlinable
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return nil }
        self.base = base
        count = bytes.count
        at = 0
    }

    /// Returns the byte at `offset`, which must be within the text.
    @inlinable @inline(__always)
    func byte(_ offset: Int) -> UInt8 { base.load(fromByteOffset: offset, as: UInt8.self) }

    /// Whether only white space remains.
    public var isAtEnd: Bool {
        var rest = self
        return rest.peek() == nil
    }

    /// Steps into the next value if it is a container of this kind; otherwise returns false.
    @inlinable @inline(__always)
    public mutating func enter(_ kind: JSONScanner.Kind) -> Bool {
        let opening = kind == .object ? UInt8(ascii: "{") : UInt8(ascii: "[")
        guard peek() == opening else { return false }
        at &+= 1
        return true
    }

    /// Returns the next key of the current object and moves to its value.
    ///
    /// After the last member, returns nil and moves past the object.
    @inlinable @inline(__always)
    public mutating func nextKey() -> JSONScanner.Slice? {
        var byte = peek()
        if byte == UInt8(ascii: ",") {
            at &+= 1
            byte = peek()
        }
        guard byte == UInt8(ascii: "\"") else {
            if byte == UInt8(ascii: "}") {
                at &+= 1
            } else {
                wasBroken = true
            }
            return nil
        }
        let start = at
        let escaped = skipString()
        guard !wasBroken else { return nil }
        let key = JSONScanner.Slice(kind: .string, range: start..<at, escaped: escaped)
        guard peek() == UInt8(ascii: ":") else {
            wasBroken = true
            return nil
        }
        at &+= 1
        return key
    }

    /// The result of `plainKey()`.
    @frozen public struct PlainKey {
        /// The key's bytes as a little-endian number, padded with zeros.
        public let word: UInt64
        /// The range of the key with its quotes.
        public let range: Range<Int>

        @inlinable @inline(__always)
        init(word: UInt64, range: Range<Int>) {
            self.word = word
            self.range = range
        }

        @inlinable
        public var slice: JSONScanner.Slice {
            JSONScanner.Slice(kind: .string, range: range, escaped: false)
        }
    }

    /// Returns the next key like `nextKey()` if it has 1 to 8 bytes, no escapes, and no white
    /// space around it; otherwise returns nil and does not move.
    @inlinable @inline(__always)
    public mutating func plainKey() -> PlainKey? {
        var start = at
        // The longest such key: a comma, two quotes, eight bytes, a colon.
        guard start &+ 12 <= count else { return nil }
        if byte(start) == UInt8(ascii: ",") { start &+= 1 }
        guard byte(start) == UInt8(ascii: "\"") else { return nil }
        let word = UInt64(
            littleEndian: base.loadUnaligned(fromByteOffset: start &+ 1, as: UInt64.self))
        let length = TextMarks.delimiters(in: word).trailingZeroBitCount >> 3
        let end = start &+ 1 &+ length
        guard length > 0, byte(end) == UInt8(ascii: "\""),
            byte(end &+ 1) == UInt8(ascii: ":")
        else { return nil }
        at = end &+ 2
        return PlainKey(
            word: word & (.max &>> UInt64(truncatingIfNeeded: 64 &- 8 &* length)),
            range: Range(uncheckedBounds: (start, end &+ 1)))
    }

    /// Moves to the next element of the current array; returns whether there is one.
    ///
    /// After the last element, returns false and moves past the array.
    @inlinable @inline(__always)
    public mutating func hasElement() -> Bool {
        guard let byte = peek() else {
            wasBroken = true
            return false
        }
        if byte == UInt8(ascii: "]") {
            at &+= 1
            return false
        }
        if byte == UInt8(ascii: ",") { at &+= 1 }
        return true
    }

    /// Returns the next value and moves past it; nil at the end of the text.
    @inlinable @inline(__always)
    public mutating func value() -> JSONScanner.Slice? {
        guard let byte = peek() else {
            wasBroken = true
            return nil
        }
        let start = at
        if byte == UInt8(ascii: "\"") {
            let escaped = skipString()
            guard !wasBroken else { return nil }
            return JSONScanner.Slice(
                kind: .string, range: Range(uncheckedBounds: (start, at)), escaped: escaped)
        }
        if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
            skipContainer()
            return JSONScanner.Slice(
                kind: byte == UInt8(ascii: "{") ? .object : .array, range: start..<at,
                escaped: false)
        }
        let kind: JSONScanner.Kind =
            switch byte {
            case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
            case UInt8(ascii: "n"): .null
            default: .number
            }
        // Always skips the first byte, so that the cursor advances on any text.
        at &+= 1
        while at < count {
            let next = self.byte(at)
            if next == UInt8(ascii: ",") || next == UInt8(ascii: "}") || next == UInt8(ascii: "]")
                || next <= 0x20
            {
                break
            }
            at &+= 1
        }
        return JSONScanner.Slice(kind: kind, range: start..<at, escaped: false)
    }

    /// Skips white space and returns the first byte of the next token.
    @inlinable @inline(__always)
    mutating func peek() -> UInt8? {
        while at < count {
            let next = byte(at)
            if next > 0x20 { return next }
            at &+= 1
        }
        return nil
    }

    /// Skips the string that starts here; returns whether it contains a backslash.
    @inlinable @inline(__always)
    mutating func skipString() -> Bool {
        at &+= 1
        while at &+ 8 <= count {
            let word = UInt64(
                littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            let special = TextMarks.delimiters(in: word)
            if special != 0 {
                at &+= special.trailingZeroBitCount >> 3
                if byte(at) == UInt8(ascii: "\"") {
                    at &+= 1
                    return false
                }
                break
            }
            at &+= 8
        }
        return leave(Self.rest(of: UnsafeRawBufferPointer(start: base, count: count), from: at))
    }

    // Rare cases work on copies: while no address of the cursor is taken, the compiler keeps it
    // in registers, which doubles the speed of the common case.

    @inlinable @inline(__always)
    mutating func leave(_ rest: (end: Int, escaped: Bool, isBroken: Bool)) -> Bool {
        at = rest.end
        if rest.isBroken { wasBroken = true }
        return rest.escaped
    }

    /// Finds the end of a string, starting at a backslash or near the end of the text.
    ///
    /// Validates escapes, because decoding the string relies on them.
    @usableFromInline
    static func rest(
        of bytes: UnsafeRawBufferPointer, from start: Int
    ) -> (end: Int, escaped: Bool, isBroken: Bool) {
        var at = start
        var escaped = false
        while at < bytes.count {
            if at + 8 <= bytes.count {
                let eight = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                let special = TextMarks.delimiters(in: UInt64(littleEndian: eight))
                if special == 0 {
                    at += 8
                    continue
                }
                at += special.trailingZeroBitCount >> 3
            }
            let next = bytes[at]
            if next == UInt8(ascii: "\"") { return (at + 1, escaped, false) }
            if next == UInt8(ascii: "\\") {
                escaped = true
                var scanner = JSONScanner(bytes, maxDepth: .max)
                scanner.at = at
                do throws(JSONFault) { try scanner.escape() } catch { break }
                at = scanner.at
            } else {
                at += 1
            }
        }
        return (at, escaped, true)
    }

    /// Skips the object or array that starts here.
    @inlinable @inline(__always)
    mutating func skipContainer() { self = afterContainer() }

    @usableFromInline
    consuming func afterContainer() -> JSONCursor {
        var depth = 0
        while at < count {
            switch byte(at) {
            case UInt8(ascii: "\""): _ = skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                at += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                at += 1
                if depth == 0 { return self }
            default: at += 1
            }
        }
        wasBroken = true
        return self
    }

    /// Returns the next number and moves past it, if it has at most 15 digits and no exponent;
    /// otherwise returns nil and consumes nothing but white space.
    @inlinable @inline(__always)
    public mutating func plainNumber() -> Double? {
        guard let first = peek() else { return nil }
        var place = first == UInt8(ascii: "-") ? at &+ 1 : at
        let start = place
        var digits: Int64 = 0
        while place < count, byte(place) &- 0x30 < 10 {
            digits = digits &* 10 &+ Int64(byte(place) &- 0x30)
            place &+= 1
        }
        var known = place &- start
        guard known > 0, place < count else { return nil }
        var decimals = 0
        if byte(place) == UInt8(ascii: ".") {
            place &+= 1
            let point = place
            while place < count, byte(place) &- 0x30 < 10 {
                digits = digits &* 10 &+ Int64(byte(place) &- 0x30)
                place &+= 1
            }
            decimals = place &- point
            known &+= decimals
        }
        guard known <= 15, place < count,
            byte(place) == UInt8(ascii: ",") || byte(place) == UInt8(ascii: "}")
        else { return nil }
        at = place
        let magnitude = JSONScanner.Slice.decimal(digits, decimals)
        return first == UInt8(ascii: "-") ? -magnitude : magnitude
    }
}
