/// Strings (RFC 8259 §7) and the validation of UTF-8.
extension JSONScanner {
    /// Consumes a string with its quotes; returns whether it contains an escape.
    @inlinable @inline(__always)
    mutating func string() throws(JSONFault) -> Bool {
        at &+= 1
        skipPlain()
        if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
            at &+= 1
            return false
        }
        return try restOfString()
    }

    /// Continues a string at the first byte that is not plain.
    @usableFromInline
    mutating func restOfString() throws(JSONFault) -> Bool {
        var escaped = false
        while true {
            skipPlain()
            guard at < bytes.count else { throw JSONFault(.unexpectedEnd, at: at) }
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                at += 1
                return escaped
            }
            if byte == UInt8(ascii: "\\") {
                escaped = true
                try escape()
            } else if byte < 0x20 {
                throw JSONFault(.controlCharacter, at: at)
            } else {
                try multibyte()
            }
        }
    }

    /// Skips to the next byte of a string that is not plain, or to the end of the text.
    ///
    /// Quotes, backslashes, control characters and bytes outside ASCII are not plain.
    @inlinable @inline(__always)
    mutating func skipPlain() {
        while at &+ 8 <= bytes.count {
            let word = UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            let special = TextMarks.special(in: word)
            if special != 0 {
                at &+= special.trailingZeroBitCount >> 3
                return
            }
            at &+= 8
        }
        while at < bytes.count {
            let byte = bytes[at]
            if byte == 0x22 || byte == 0x5C || byte < 0x20 || byte >= 0x80 { return }
            at &+= 1
        }
    }

    mutating func escape() throws(JSONFault) {
        let start = at
        guard at + 1 < bytes.count else { throw JSONFault(.unexpectedEnd, at: bytes.count) }
        switch bytes[at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at += 2
        case UInt8(ascii: "u"):
            let unit = try hex4(at: at + 2)
            at += 6
            if unit >= 0xD800, unit < 0xDC00 {
                guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
                    bytes[at + 1] == UInt8(ascii: "u")
                else { throw JSONFault(.loneSurrogate, at: start) }
                let low = try hex4(at: at + 2)
                guard low >= 0xDC00, low < 0xE000 else {
                    throw JSONFault(.loneSurrogate, at: start)
                }
                at += 6
            } else if unit >= 0xDC00, unit < 0xE000 {
                throw JSONFault(.loneSurrogate, at: start)
            }
        default:
            throw JSONFault(.invalidEscape, at: start)
        }
    }

    func hex4(at index: Int) throws(JSONFault) -> UInt32 {
        guard index + 4 <= bytes.count else { throw JSONFault(.unexpectedEnd, at: bytes.count) }
        var unit: UInt32 = 0
        for i in index..<index + 4 {
            guard let digit = hexDigit(bytes[i]) else { throw JSONFault(.invalidEscape, at: i) }
            unit = unit << 4 | digit
        }
        return unit
    }

    /// Consumes one well-formed multi-byte UTF-8 sequence (Unicode 15, table 3-7).
    mutating func multibyte() throws(JSONFault) {
        let lead = bytes[at]
        let count: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: count = 2
        case 0xE0:
            count = 3
            second = 0xA0...0xBF
        case 0xE1...0xEC, 0xEE...0xEF: count = 3
        case 0xED:
            count = 3
            second = 0x80...0x9F
        case 0xF0:
            count = 4
            second = 0x90...0xBF
        case 0xF1...0xF3: count = 4
        case 0xF4:
            count = 4
            second = 0x80...0x8F
        default: throw JSONFault(.invalidUTF8, at: at)
        }
        guard at + count <= bytes.count, second.contains(bytes[at + 1]) else {
            throw JSONFault(.invalidUTF8, at: at)
        }
        for i in 2..<max(count, 2) where bytes[at + i] & 0xC0 != 0x80 {
            throw JSONFault(.invalidUTF8, at: at)
        }
        at += count
    }
}

@inline(__always)
func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
}
