/// Walks through JSON text that was validated before: several times as fast as
/// `JSONScanner`, since it only looks for where the tokens end.
///
/// Over any other text it stops early or tells nonsense, but never looks outside of it.
/// Not thread-safe; a value of this type lives inside one `withUnsafeBytes` call.
public struct JSONCursor {
    @usableFromInline let base: UnsafeRawPointer
    @usableFromInline let count: Int
    /// The next byte that was not looked at.
    @usableFromInline var at: Int

    /// Whether something was met that no validated text has there: the text ends within a
    /// token or a container, or a mark is missing. What came after was nonsense.
    public var isBroken: Bool { wasBroken }
    @usableFromInline var wasBroken = false

    /// Before the first byte of `bytes`; nil where there is none.
    @inlinable
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return nil }
        self.base = base
        count = bytes.count
        at = 0
    }

    /// The byte at `offset`, which must be within the text.
    @inlinable @inline(__always)
    func byte(_ offset: Int) -> UInt8 { base.load(fromByteOffset: offset, as: UInt8.self) }

    /// Whether nothing but white space is left.
    public var isAtEnd: Bool {
        var rest = self
        return rest.peek() == nil
    }

    /// Steps into the object or array that comes next; false where there is none.
    @inlinable @inline(__always)
    public mutating func enter(_ kind: JSONScanner.Kind) -> Bool {
        let opening = kind == .object ? UInt8(ascii: "{") : UInt8(ascii: "[")
        guard peek() == opening else { return false }
        at &+= 1
        return true
    }

    /// The key of the next member of the object that the cursor is in, which is left before
    /// its value; nil behind the last one, where the object is left.
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

    /// A key as `plainKey` finds it.
    @frozen public struct PlainKey {
        /// Its bytes, little-endian, zeros behind a shorter one.
        public let word: UInt64
        /// With its quotes.
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

    /// The key of the next member as `nextKey` gives it, if it has from one to eight bytes, no
    /// escapes, and no white space around it; else nil, and nothing is passed over.
    @inlinable @inline(__always)
    public mutating func plainKey() -> PlainKey? {
        var start = at
        // A comma, two quotes, eight bytes, a colon.
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

    /// Whether the array that the cursor is in has a next element, which comes next then;
    /// false behind the last one, where the array is left.
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

    /// The value that comes next, which is passed over; nil at the end of the text.
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
        // Past the first byte in any case: over other text, too, each step gets on.
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

    /// The byte that the next token begins with.
    @inlinable @inline(__always)
    mutating func peek() -> UInt8? {
        while at < count {
            let next = byte(at)
            if next > 0x20 { return next }
            at &+= 1
        }
        return nil
    }

    /// Past the string that begins here; whether it has a backslash.
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

    // What is seldom met is done on copies: a cursor whose address nobody takes is kept in
    // registers, which makes the rest twice as fast.

    @inlinable @inline(__always)
    mutating func leave(_ rest: (end: Int, escaped: Bool, isBroken: Bool)) -> Bool {
        at = rest.end
        if rest.isBroken { wasBroken = true }
        return rest.escaped
    }

    /// Where a string ends, from a backslash or from near the end of the text on. Escapes are
    /// looked at: who makes a text of the string relies on them.
    @usableFromInline
    static func rest(
        of bytes: UnsafeRawBufferPointer, from start: Int
    ) -> (end: Int, escaped: Bool, isBroken: Bool) {
        var at = start
        var escaped = false
        while at < bytes.count {
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

    /// Past the object or array that begins here.
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

    /// The number that comes next, if it is one of at most 15 digits without an exponent, which
    /// is passed over; else nothing is passed over.
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
