/// Steps through the tokens of a line that has no white space between them and no escapes;
/// each step tells whether there was what it looks for, and stays within the line.
///
/// Made by `QuotePlaces`: a string is what lies between two quotes in turn, so that none is
/// looked through for its end. Lives inside one call of `QuotePlaces.withTokens`. To be handed on
/// as a copy: one whose address nobody takes is kept in registers.
@frozen public struct PlainTokens {
    @usableFromInline let base: UnsafeRawPointer
    @usableFromInline let count: Int
    @usableFromInline let quotes: UnsafePointer<UInt16>
    @usableFromInline let quoteCount: Int
    /// The quote that the next string begins with.
    @usableFromInline var next = 0
    /// The next byte that was not stepped over; below 0 after a step that failed. For the steps
    /// alone to change.
    public var at = 0

    /// - Parameters:
    ///   - quotes: Where the quotes among the `count` bytes are, ascending.
    ///   - quoteCount: An even number.
    @inlinable @inline(always)
    init(
        base: UnsafeRawPointer, count: Int, quotes: UnsafePointer<UInt16>, quoteCount: Int
    ) {
        self.base = base
        self.count = count
        self.quotes = quotes
        self.quoteCount = quoteCount
    }

    @inlinable @inline(always)
    public var line: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// Whether all bytes were stepped over.
    @inlinable @inline(always)
    public var isAtEnd: Bool { at == count }

    /// The same after a step that failed. An optional would be made nothing of at each step.
    @inlinable @inline(always)
    public var broken: PlainTokens {
        var broken = self
        broken.at = .min
        return broken
    }

    @inlinable @inline(always)
    public var isBroken: Bool { at < 0 }

    /// The byte at `offset`, which must be within the line.
    @inlinable @inline(always)
    func byte(_ offset: Int) -> UInt8 { base.load(fromByteOffset: offset, as: UInt8.self) }

    /// A string's inner range.
    @inlinable @inline(always)
    public mutating func readText() -> Range<Int>? {
        guard next < quoteCount, Int(quotes[next]) == at else { return nil }
        let end = Int(quotes[next &+ 1])
        let text = Range(uncheckedBounds: (at &+ 1, end))
        next &+= 2
        at = end &+ 1
        return text
    }

    @frozen public struct Key {
        public let range: Range<Int>
        /// The first eight bytes, zeros behind a shorter one.
        public let word: UInt64

        @inlinable @inline(always)
        init(range: Range<Int>, word: UInt64) {
            self.range = range
            self.word = word
        }

        @inlinable @inline(always)
        public var count: Int { range.upperBound &- range.lowerBound }

        /// With its quotes.
        @inlinable
        public var slice: JSONScanner.Slice {
            JSONScanner.Slice(
                kind: .string, range: range.lowerBound - 1..<range.upperBound + 1, escaped: false)
        }
    }

    /// A key with its colon; not an empty one.
    @inlinable @inline(always)
    public mutating func readKey() -> Key? {
        guard let text = readText(), take(UInt8(ascii: ":")) else { return nil }
        let length = text.upperBound &- text.lowerBound
        guard length > 0 else { return nil }
        var first = word(text.lowerBound)
        if length < 8 { first &= .max &>> UInt64(truncatingIfNeeded: 64 &- 8 &* length) }
        return Key(range: text, word: first)
    }

    /// The last byte of a text that is not empty.
    @inlinable @inline(always)
    public func last(of text: Range<Int>) -> UInt8 { byte(text.upperBound &- 1) }

    /// A whole number of at most 18 digits, without a sign.
    @inlinable @inline(always)
    public mutating func readWhole() -> UInt64? {
        let start = at
        var value: UInt64 = 0
        while at < count, byte(at) &- 0x30 < 10 {
            value = value &* 10 &+ UInt64(byte(at) &- 0x30)
            at &+= 1
        }
        let digits = at &- start
        guard digits > 0, digits <= 18, digits == 1 || byte(start) != 0x30, isBehindWhole else {
            return nil
        }
        return value
    }

    /// Whether neither a fraction nor an exponent follows.
    @inlinable @inline(always)
    var isBehindWhole: Bool {
        guard at < count else { return false }
        return byte(at) != UInt8(ascii: ".") && byte(at) | 0x20 != UInt8(ascii: "e")
    }

    /// A number without an exponent.
    @inlinable @inline(always)
    public mutating func skipNumber() -> Bool {
        _ = take(UInt8(ascii: "-"))
        // Most end within eight bytes, which are looked at once.
        let bytes = word(at)
        var marks = Self.others(than: bytes)
        let whole = marks.trailingZeroBitCount >> 3
        guard whole > 0, whole == 1 || bytes & 0xFF != 0x30 else { return false }
        var length = whole
        if marks != 0, bytes &>> UInt64(truncatingIfNeeded: whole &* 8) & 0xFF == 0x2E {
            marks &= marks &- 1
            length = marks.trailingZeroBitCount >> 3
        }
        if marks == 0 {
            let end = Self.endOfLongNumber(base, from: at, to: count)
            guard end > 0 else { return false }
            at = end
        } else {
            // Not the point alone.
            guard length != whole &+ 1 else { return false }
            at &+= length
        }
        return isBehindWhole
    }

    /// The number that comes next, if it takes at most seven bytes behind a sign, without an
    /// exponent, and a comma or a brace follows; else nothing is stepped over.
    @inlinable @inline(always)
    public mutating func readNumber() -> Double? {
        let isNegative = peek == UInt8(ascii: "-")
        let start = isNegative ? at &+ 1 : at
        let bytes = word(start)
        var marks = Self.others(than: bytes)
        let whole = marks.trailingZeroBitCount >> 3
        guard marks != 0, whole > 0 else { return nil }
        var digits = bytes
        var length = whole
        var decimals = 0
        if bytes &>> UInt64(truncatingIfNeeded: whole &* 8) & 0xFF == 0x2E {
            marks &= marks &- 1
            guard marks != 0 else { return nil }
            length = marks.trailingZeroBitCount >> 3
            decimals = length &- whole &- 1
            guard decimals > 0 else { return nil }
            // The point is taken out from between.
            let front = UInt64(1) &<< UInt64(truncatingIfNeeded: whole &* 8) &- 1
            digits = bytes & front | bytes &>> 8 & ~front
        }
        let next = bytes &>> UInt64(truncatingIfNeeded: length &* 8) & 0xFF
        guard next == 0x2C || next == 0x7D else { return nil }
        at = start &+ length
        let value = JSONScanner.Slice.decimal(
            Self.value(ofDigits: digits, whole &+ decimals), decimals)
        return isNegative ? -value : value
    }

    /// Of the first `count` of eight digits, of which the first is the lowest byte. Pairs, then
    /// fours, then all are put together by one multiplication each (D. Lemire, "Quickly parsing
    /// eight digits", 2022).
    @inlinable @inline(always)
    static func value(ofDigits bytes: UInt64, _ count: Int) -> Int64 {
        // Those that are missing are zeros in front.
        var digits =
            bytes &<< UInt64(truncatingIfNeeded: 64 &- 8 &* count) & 0x0F0F_0F0F_0F0F_0F0F
        digits = digits &* 10 &+ digits &>> 8
        let first = (digits & 0x0000_00FF_0000_00FF) &* 0x000F_4240_0000_0064
        let second = (digits &>> 16 & 0x0000_00FF_0000_00FF) &* 0x0000_2710_0000_0001
        return Int64(truncatingIfNeeded: (first &+ second) &>> 32)
    }

    /// High bits of the bytes that are no digits, exact where all are ASCII.
    @inlinable @inline(always)
    static func others(than bytes: UInt64) -> UInt64 {
        ((bytes &+ 0x4646_4646_4646_4646) | ~(bytes &+ 0x5050_5050_5050_5050))
            & 0x8080_8080_8080_8080
    }

    /// Of a number without an exponent, from its first digit on; -1 where there is none.
    @usableFromInline
    static func endOfLongNumber(_ base: UnsafeRawPointer, from start: Int, to count: Int) -> Int {
        func isDigit(_ place: Int) -> Bool {
            place < count && base.load(fromByteOffset: place, as: UInt8.self) &- 0x30 < 10
        }
        var at = start
        while isDigit(at) { at += 1 }
        guard at > start,
            at == start + 1 || base.load(fromByteOffset: start, as: UInt8.self) != 0x30
        else { return -1 }
        if at < count, base.load(fromByteOffset: at, as: UInt8.self) == UInt8(ascii: ".") {
            let point = at
            at += 1
            while isDigit(at) { at += 1 }
            guard at > point + 1 else { return -1 }
        }
        return at
    }

    @inlinable @inline(always)
    public mutating func skipScalar() -> Bool {
        guard at < count else { return false }
        switch byte(at) {
        case UInt8(ascii: "\""): return readText() != nil
        case UInt8(ascii: "n"): return take(0x6C6C_756E, 4)
        case UInt8(ascii: "t"): return take(0x6575_7274, 4)
        case UInt8(ascii: "f"): return take(0x65_736C_6166, 5)
        default: return skipNumber()
        }
    }

    /// To behind the object or array that begins here, of text that was validated before.
    @inlinable
    public mutating func skipContainer() -> Bool {
        var depth = 0
        while at < count {
            switch byte(at) {
            case UInt8(ascii: "\""):
                guard readText() != nil else { return false }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            at += 1
            if depth == 0 { return true }
        }
        return false
    }

    /// The value that comes next, which is stepped over; nil where there is none of the usual
    /// form. Containers are not validated.
    @inlinable @inline(always)
    public mutating func readValue() -> JSONScanner.Slice? {
        let start = at
        let kind: JSONScanner.Kind
        let isThere: Bool
        switch peek {
        case UInt8(ascii: "\""): (kind, isThere) = (.string, readText() != nil)
        case UInt8(ascii: "{"): (kind, isThere) = (.object, Self.skipContainer(&self))
        case UInt8(ascii: "["): (kind, isThere) = (.array, Self.skipContainer(&self))
        case UInt8(ascii: "n"): (kind, isThere) = (.null, take(0x6C6C_756E, 4))
        case UInt8(ascii: "t"): (kind, isThere) = (.bool, take(0x6575_7274, 4))
        case UInt8(ascii: "f"): (kind, isThere) = (.bool, take(0x65_736C_6166, 5))
        default: (kind, isThere) = (.number, skipNumber())
        }
        guard isThere else { return nil }
        return JSONScanner.Slice(
            kind: kind, range: Range(uncheckedBounds: (start, at)), escaped: false)
    }

    /// On a copy: see above.
    @inlinable @inline(always)
    static func skipContainer(_ tokens: inout PlainTokens) -> Bool {
        var copy = tokens
        let isThere = copy.skipContainer()
        tokens = copy
        return isThere
    }

    /// To behind an object or array that was found to end before `end`, within the line.
    @inlinable @inline(always)
    public mutating func skip(to end: Int) {
        at = end
        while next < quoteCount, Int(quotes[next]) < end { next &+= 2 }
    }

    @inlinable @inline(always)
    public mutating func take(_ wanted: UInt8) -> Bool {
        guard at < count, byte(at) == wanted else { return false }
        at &+= 1
        return true
    }

    @inlinable @inline(always)
    mutating func take(_ literal: UInt64, _ length: Int) -> Bool {
        guard word(at) & (.max &>> UInt64(64 &- 8 &* length)) == literal else { return false }
        at &+= length
        return true
    }

    /// The byte that comes next, 0 at the end.
    @inlinable @inline(always)
    public var peek: UInt8 { at < count ? byte(at) : 0 }

    /// The eight bytes from `offset` on, zeros behind the end.
    @inlinable @inline(always)
    public func word(_ offset: Int) -> UInt64 {
        guard offset &+ 8 <= count else { return Self.lastWord(base, from: offset, to: count) }
        return UInt64(
            littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    // Not asked of `self`, which would have to be in memory for that.
    @usableFromInline
    static func lastWord(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> UInt64 {
        var word: UInt64 = 0
        var shift: UInt64 = 0
        for place in start..<max(start, end) {
            word |= UInt64(base.load(fromByteOffset: place, as: UInt8.self)) &<< shift
            shift &+= 8
        }
        return word
    }

    /// A text of up to eight bytes as a word; of a longer one a word that none has.
    @inlinable @inline(always)
    public func short(_ text: Range<Int>) -> UInt64 {
        guard text.count <= 8 else { return .max }
        return text.isEmpty
            ? 0 : word(text.lowerBound) & (.max &>> UInt64(64 &- 8 &* text.count))
    }

    @inlinable
    public func says(_ text: Range<Int>, _ words: StaticString) -> Bool {
        guard text.count == words.utf8CodeUnitCount else { return false }
        for i in 0..<text.count where byte(text.lowerBound + i) != words.utf8Start[i] {
            return false
        }
        return true
    }
}
