import Events
import JSONScan

/// Steps through the tokens of a line that has no white space between them and no escapes;
/// each step tells whether there was what it looks for, and stays within the line.
struct PlainTokens {
    private let base: UnsafeRawPointer
    private let count: Int
    private(set) var at = 0

    /// nil for no bytes.
    init?(_ line: UnsafeRawBufferPointer) {
        guard let base = line.baseAddress else { return nil }
        self.base = base
        count = line.count
    }

    var line: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// Whether all bytes were stepped over.
    var isAtEnd: Bool { at == count }

    /// The byte at `offset`, which must be within the line.
    @inline(always)
    private func byte(_ offset: Int) -> UInt8 {
        base.load(fromByteOffset: offset, as: UInt8.self)
    }

    struct Key {
        let start: Int
        let count: Int
        /// The first eight bytes, zeros behind a shorter one.
        let word: UInt64
        let last: UInt8
    }

    /// A key with its colon.
    @inline(always)
    mutating func readKey() -> Key? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = at
        var first = word(start)
        let marks = TextMarks.special(in: first)
        if marks != 0 {
            let length = marks.trailingZeroBitCount >> 3
            at = start &+ length
            first &= length == 0 ? 0 : .max &>> UInt64(64 &- 8 &* length)
            guard take(UInt8(ascii: "\"")) else { return nil }
        } else {
            at = start &+ 8
            guard readRest() else { return nil }
        }
        let length = at &- 1 &- start
        guard length > 0, take(UInt8(ascii: ":")) else { return nil }
        return Key(start: start, count: length, word: first, last: byte(start &+ length &- 1))
    }

    /// A string's inner range.
    @inline(always)
    mutating func readText() -> Range<Int>? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = at
        guard readRest() else { return nil }
        return start..<(at &- 1)
    }

    /// To behind the quote that ends the string.
    @inline(always)
    mutating func readRest() -> Bool {
        while true {
            // Behind the end there are zeros, which are marks.
            let marks = TextMarks.special(in: word(at))
            if marks != 0 {
                at &+= marks.trailingZeroBitCount >> 3
                return take(UInt8(ascii: "\""))
            }
            at &+= 8
        }
    }

    /// A whole number of at most 18 digits, without a sign.
    @inline(always)
    mutating func readWhole() -> UInt64? {
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
    private var isBehindWhole: Bool {
        guard at < count else { return false }
        return byte(at) != UInt8(ascii: ".") && byte(at) | 0x20 != UInt8(ascii: "e")
    }

    /// A number without an exponent.
    @inline(always)
    mutating func skipNumber() -> Bool {
        _ = take(UInt8(ascii: "-"))
        let start = at
        while at < count, byte(at) &- 0x30 < 10 { at &+= 1 }
        guard at > start, at == start &+ 1 || byte(start) != 0x30 else { return false }
        if take(UInt8(ascii: ".")) {
            let fraction = at
            while at < count, byte(at) &- 0x30 < 10 { at &+= 1 }
            guard at > fraction else { return false }
        }
        return isBehindWhole
    }

    @inline(always)
    mutating func skipScalar() -> Bool {
        guard at < count else { return false }
        switch byte(at) {
        case UInt8(ascii: "\""): return readText() != nil
        case UInt8(ascii: "n"): return take(EventWord.null, 4)
        case UInt8(ascii: "t"): return take(EventWord.yes, 4)
        case UInt8(ascii: "f"): return take(EventWord.no, 5)
        default: return skipNumber()
        }
    }

    @inline(always)
    mutating func skipValue() -> Bool {
        guard at < count else { return false }
        if byte(at) != UInt8(ascii: "{"), byte(at) != UInt8(ascii: "[") { return skipScalar() }
        guard let end = Self.end(ofContainerAt: at, in: line) else { return false }
        at = end
        return true
    }

    private static func end(ofContainerAt at: Int, in line: UnsafeRawBufferPointer) -> Int? {
        try? JSONScanner.end(ofValueAt: at, in: line, limits: .newEvent, within: 1)
    }

    @inline(always)
    mutating func take(_ wanted: UInt8) -> Bool {
        guard at < count, byte(at) == wanted else { return false }
        at &+= 1
        return true
    }

    @inline(always)
    mutating func take(_ literal: UInt64, _ length: Int) -> Bool {
        guard word(at) & (.max &>> UInt64(64 &- 8 &* length)) == literal else { return false }
        at &+= length
        return true
    }

    /// The eight bytes from `offset` on, zeros behind the end.
    @inline(always)
    func word(_ offset: Int) -> UInt64 {
        guard offset &+ 8 <= count else { return lastWord(offset) }
        return UInt64(
            littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    private func lastWord(_ offset: Int) -> UInt64 {
        var word: UInt64 = 0
        var i = 0
        while offset + i < count {
            word |= UInt64(byte(offset + i)) << UInt64(8 * i)
            i += 1
        }
        return word
    }

    /// A text of up to eight bytes as a word; of a longer one a word that none has.
    @inline(always)
    func short(_ text: Range<Int>) -> UInt64 {
        guard text.count <= 8 else { return .max }
        return text.isEmpty
            ? 0 : word(text.lowerBound) & (.max &>> UInt64(64 &- 8 &* text.count))
    }

    func says(_ text: Range<Int>, _ words: StaticString) -> Bool {
        guard text.count == words.utf8CodeUnitCount else { return false }
        for i in 0..<text.count where byte(text.lowerBound + i) != words.utf8Start[i] {
            return false
        }
        return true
    }
}
