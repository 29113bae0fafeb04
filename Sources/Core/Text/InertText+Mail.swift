// Mail in seven bits (RFC 5322, RFC 2045, RFC 2047).
extension InertText {
    /// The words of unstructured header text, such as a subject; at most 250 scalars are used. The
    /// header may be folded between words.
    public static func mailHeader(_ text: String) -> [String] {
        let line = Self.line(text, limit: 250)
        let words = line.split(separator: " ").map(String.init)
        // A reader would decode `=?` as the start of an encoded word.
        let isPlain =
            line.utf8.allSatisfy { (0x20..<0x7F).contains($0) } && !line.contains("=?")
            && words.allSatisfy { $0.utf8.count <= 70 }
        return isPlain ? words : encodedWords(line)
    }

    /// The words of a display name (RFC 5322 §3.2.5): an atom sequence, a quoted string, or encoded
    /// words. At most 100 scalars are used.
    public static func mailName(_ text: String) -> [String] {
        let line = Self.line(text, limit: 100)
        guard line.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }), line.utf8.count <= 60,
            !line.contains("=?")
        else { return encodedWords(line) }
        if line.utf8.allSatisfy({ $0 == 0x20 || $0.isAtomText }) { return [line] }
        return [
            "\"" + replaced(line) { "\\\"".unicodeScalars.contains($0) ? "\\\($0)" : nil } + "\""
        ]
    }

    /// A line of a body: control characters but tab become U+FFFD. Mail does not need them, and some
    /// programs interpret them.
    public static func mailLine(_ line: some StringProtocol) -> String {
        replaced(line) {
            $0 != "\t" && $0.properties.generalCategory == .control ? "\u{FFFD}" : nil
        }
    }

    /// Encoded words (RFC 2047 §2) of at most 75 bytes, never splitting a character.
    private static func encodedWords(_ text: String) -> [String] {
        var chunks: [[UInt8]] = [[]]
        for scalar in text.unicodeScalars {
            // 45 bytes are 60 base64 digits, with delimiters 72.
            if chunks[chunks.count - 1].count + UTF8.width(scalar) > 45 { chunks.append([]) }
            chunks[chunks.count - 1] += String(scalar).utf8
        }
        return chunks.map { "=?UTF-8?B?\(Base64.encode($0))?=" }
    }
}

extension UInt8 {
    /// Whether it may stand in an atom (`atext`, RFC 5322 §3.2.3).
    public var isAtomText: Bool { isAlphanumeric || isOne(of: "!#$%&'*+-/=?^_`{|}~") }
}
