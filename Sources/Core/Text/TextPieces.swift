/// The ASCII classes of a byte.
extension UInt8 {
    public var isDigit: Bool { self &- 0x30 < 10 }
    public var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    public var isAlphanumeric: Bool { isDigit || isLetter }

    /// Whether it is one of these ASCII characters.
    public func isOne(of characters: StaticString) -> Bool {
        characters.withUTF8Buffer { $0.contains(self) }
    }

    /// The value of a hexadecimal digit; nil for another byte.
    public var hexValue: UInt8? {
        if isDigit { return self - 0x30 }
        return (0x61...0x66).contains(self | 0x20) ? (self | 0x20) - 0x61 + 10 : nil
    }
}

extension StringProtocol {
    /// The text without white space at both ends.
    public var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}

/// A unit in which texts are measured and cut.
public enum TextUnit: Sendable {
    case scalars
    case utf8
    /// The unit of JavaScript, and of most vendors' limits.
    case utf16

    func size(of text: some StringProtocol) -> Int {
        switch self {
        case .scalars: text.unicodeScalars.count
        case .utf8: text.utf8.count
        case .utf16: text.utf16.count
        }
    }
}

extension StringProtocol {
    /// The text, or its longest prefix that fits `limit` with `mark` behind it.
    ///
    /// Only `.scalars` splits a character, which may have any number of them. Empty if not even the
    /// mark fits.
    public func cut(to limit: Int, _ unit: TextUnit, mark: String = "") -> String {
        // No unit counts more than the bytes of UTF-8.
        if utf8.count <= limit || unit.size(of: self) <= limit { return String(self) }
        var left = limit - unit.size(of: mark)
        guard left >= 0 else { return "" }
        if unit == .scalars {
            return String(String.UnicodeScalarView(unicodeScalars.prefix(left))) + mark
        }
        return prefix { character in
            left -= unit.size(of: String(character))
            return left >= 0
        } + mark
    }
}
