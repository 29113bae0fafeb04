#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension JSONScanner {
    /// The value of the first member called `name` of the object that `text` is, validated
    /// before: found by quotes and commas alone, several times as fast as by a scan.
    ///
    /// nil where that doesn't suffice, and a scan has to tell: white space between the tokens,
    /// an escape in a key or at the end of a string, an object or array before the member, a
    /// value that is no string or has escapes, no such member.
    public static func plainMember(
        _ name: [UInt8], in text: UnsafeRawBufferPointer
    ) -> Slice? {
        guard text.first == UInt8(ascii: "{") else { return nil }
        var at = 1
        while let key = plainString(at: at, in: text),
            !text.holdsBackslash(key), key.upperBound + 1 < text.count,
            text[key.upperBound] == UInt8(ascii: ":")
        {
            let start = key.upperBound + 1
            if text.holds(name, in: key.dropFirst().dropLast()) {
                guard let value = plainString(at: start, in: text), !text.holdsBackslash(value)
                else { return nil }
                return Slice(kind: .string, range: value, escaped: false)
            }
            switch text[start] {
            case UInt8(ascii: "\""):
                guard let value = plainString(at: start, in: text),
                    value.upperBound < text.count, text[value.upperBound] == UInt8(ascii: ",")
                else { return nil }
                at = value.upperBound + 1
            case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: " "), UInt8(ascii: "\t"),
                UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                return nil
            default:
                // Numbers and words hold no comma.
                guard let comma = text.place(of: UInt8(ascii: ","), from: start) else { return nil }
                at = comma + 1
            }
        }
        return nil
    }

    /// From quote to quote, unless a backslash is before the first quote that might end it: it
    /// may stand for that quote, or not.
    private static func plainString(
        at start: Int, in text: UnsafeRawBufferPointer
    ) -> Range<Int>? {
        guard start < text.count, text[start] == UInt8(ascii: "\""),
            let end = text.place(of: UInt8(ascii: "\""), from: start + 1),
            text[end - 1] != UInt8(ascii: "\\")
        else { return nil }
        return start..<(end + 1)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func place(of byte: UInt8, from start: Int) -> Int? {
        guard start < count, let base = baseAddress,
            let found = memchr(base + start, Int32(byte), count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    fileprivate func holdsBackslash(_ range: Range<Int>) -> Bool {
        guard let base = baseAddress, !range.isEmpty else { return false }
        return memchr(base + range.lowerBound, 0x5C, range.count) != nil
    }

    fileprivate func holds(_ name: [UInt8], in range: Range<Int>) -> Bool {
        guard range.count == name.count, let base = baseAddress else { return false }
        return memcmp(base + range.lowerBound, name, name.count) == 0
    }
}
