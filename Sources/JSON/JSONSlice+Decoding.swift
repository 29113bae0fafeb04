extension JSONScanner.Slice {
    /// Returns the text of a string with its escapes decoded; nil for other kinds.
    public func text(in bytes: UnsafeRawBufferPointer) -> String? {
        guard kind == .string else { return nil }
        let inner = UnsafeRawBufferPointer(
            rebasing: bytes[(range.lowerBound + 1)..<(range.upperBound - 1)])
        guard escaped else { return String(decoding: inner, as: UTF8.self) }
        var out: [UInt8] = []
        out.reserveCapacity(inner.count)
        var i = 0
        while i < inner.count {
            let byte = inner[i]
            guard byte == UInt8(ascii: "\\") else {
                out.append(byte)
                i += 1
                continue
            }
            switch inner[i + 1] {
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0C)
            case UInt8(ascii: "n"): out.append(0x0A)
            case UInt8(ascii: "r"): out.append(0x0D)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = Self.unit(inner, i + 2)
                i += 4
                if scalar >= 0xD800, scalar < 0xDC00 {
                    scalar = 0x10000 + (scalar - 0xD800) << 10 + (Self.unit(inner, i + 4) - 0xDC00)
                    i += 6
                }
                if let unicode = Unicode.Scalar(scalar) {
                    out.append(contentsOf: String(unicode).utf8)
                }
            case let other: out.append(other)
            }
            i += 2
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Reads four hex digits that the scanner has validated.
    private static func unit(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt32 {
        var unit: UInt32 = 0
        for i in at..<at + 4 { unit = unit << 4 | (hexDigit(bytes[i]) ?? 0) }
        return unit
    }

    /// Returns the value of a number; nil for other kinds. Overflow gives infinity.
    public func number(in bytes: UnsafeRawBufferPointer) -> Double? {
        guard kind == .number else { return nil }
        return plainNumber(in: bytes) ?? Double(raw(in: bytes))
    }

    /// Parses a number of at most 15 digits without an exponent.
    ///
    /// Its digits as an integer and the power of ten are exact doubles, so their quotient is
    /// rounded only once (W. D. Clinger, "How to Read Floating Point Numbers Accurately", 1990).
    private func plainNumber(in bytes: UnsafeRawBufferPointer) -> Double? {
        var at = range.lowerBound
        let isNegative = bytes[at] == UInt8(ascii: "-")
        if isNegative { at += 1 }
        guard range.upperBound - at <= 16 else { return nil }
        var digits: Int64 = 0
        var count = 0
        var decimals = -1
        while at < range.upperBound {
            let digit = bytes[at] &- 0x30
            if digit < 10 {
                digits = digits &* 10 &+ Int64(digit)
                count += 1
                if decimals >= 0 { decimals += 1 }
            } else if bytes[at] == UInt8(ascii: ".") {
                decimals = 0
            } else {
                return nil
            }
            at += 1
        }
        guard count <= 15 else { return nil }
        let magnitude = Self.decimal(digits, max(0, decimals))
        return isNegative ? -magnitude : magnitude
    }

    /// Returns `digits` divided by 10 to the power of `decimals`; exact rounding requires at most
    /// 15 digits, see `plainNumber`.
    @inlinable @inline(__always)
    static func decimal(_ digits: Int64, _ decimals: Int) -> Double {
        let power: Double =
            switch decimals {
            case 0: 1
            case 1: 1e1
            case 2: 1e2
            case 3: 1e3
            case 4: 1e4
            case 5: 1e5
            case 6: 1e6
            case 7: 1e7
            case 8: 1e8
            case 9: 1e9
            case 10: 1e10
            case 11: 1e11
            case 12: 1e12
            case 13: 1e13
            case 14: 1e14
            default: 1e15
            }
        return Double(digits) / power
    }

    /// Returns the exact value of a number that is whole and fits `Int64`; otherwise nil.
    public func integer(in bytes: UnsafeRawBufferPointer) -> Int64? {
        guard kind == .number else { return nil }
        var value: Int64 = 0
        var i = range.lowerBound
        let negative = bytes[i] == UInt8(ascii: "-")
        if negative { i += 1 }
        while i < range.upperBound {
            let digit = bytes[i] &- 0x30
            guard digit < 10 else { return Int64(exactly: Double(raw(in: bytes)) ?? .nan) }
            let (tens, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) =
                negative
                ? tens.subtractingReportingOverflow(Int64(digit))
                : tens.addingReportingOverflow(Int64(digit))
            if overflowed || carried { return nil }
            value = sum
            i += 1
        }
        return value
    }

    public func bool(in bytes: UnsafeRawBufferPointer) -> Bool? {
        guard kind == .bool else { return nil }
        return bytes[range.lowerBound] == UInt8(ascii: "t")
    }

    /// Returns the source bytes of the value as text.
    public func raw(in bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }

    /// Whether a string equals `word`. Only strings with escapes are decoded for this.
    @inlinable @inline(__always)
    public func equals(_ word: StaticString, in bytes: UnsafeRawBufferPointer) -> Bool {
        let count = word.utf8CodeUnitCount
        if escaped { return text(in: bytes) == "\(word)" }
        guard kind == .string, range.count == count + 2 else { return false }
        let start = range.lowerBound + 1
        for i in 0..<count where bytes[start + i] != word.utf8Start[i] { return false }
        return true
    }

    /// Whether a string equals `word`, compared byte by byte without Unicode normalization.
    public func isText(_ word: String, in bytes: UnsafeRawBufferPointer) -> Bool {
        if escaped { return text(in: bytes)?.utf8.elementsEqual(word.utf8) ?? false }
        guard kind == .string, range.count == word.utf8.count + 2 else { return false }
        return word.utf8.elementsEqual(bytes[range.dropFirst().dropLast()])
    }

    /// Returns the bytes of a string without quotes, or the source bytes of any other value.
    ///
    /// Returns nil for a string with escapes.
    @inlinable @inline(__always)
    public func plain(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard !escaped else { return nil }
        let quote = kind == .string ? 1 : 0
        return UnsafeRawBufferPointer(
            rebasing: bytes[(range.lowerBound &+ quote)..<(range.upperBound &- quote)])
    }

    /// Returns an unescaped string of at most 8 bytes as a little-endian integer.
    ///
    /// Returns `.max`, which is not valid text, for every other value.
    @inlinable @inline(__always)
    public func word(in bytes: UnsafeRawBufferPointer) -> UInt64 {
        let count = range.count &- 2
        guard kind == .string, !escaped, count <= 8 else { return .max }
        let start = range.lowerBound &+ 1
        if start &+ 8 <= bytes.count {
            let word = UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
            return count == 0 ? 0 : word & (.max &>> UInt64(64 &- 8 &* count))
        }
        var word: UInt64 = 0
        for i in 0..<count { word |= UInt64(bytes[start &+ i]) &<< UInt64(8 &* i) }
        return word
    }

    /// Represents an absent value: an empty `null`.
    @inlinable
    public static var nothing: Self { Self(kind: .null, range: 0..<0, escaped: false) }
}
