import Core
import Transfer

/// Encodes text for mail headers in seven bits (RFC 2047, RFC 5322).
///
/// Values are lists of words; the header may be folded between them.
enum HeaderText {
    /// The words of unstructured text, such as a subject; at most 250 characters of `text` are
    /// used.
    static func words(_ text: String) -> [String] {
        let line = text.printableLine(atMost: 250)
        let plain = line.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
        let words = line.split(separator: " ").map(String.init)
        // A reader would decode `=?` as the start of an encoded word.
        if plain, !line.contains("=?"), words.allSatisfy({ $0.utf8.count <= 70 }) { return words }
        return encoded(line)
    }

    /// The words of a display name: an atom sequence, a quoted string, or encoded words.
    static func phrase(_ text: String) -> [String] {
        let line = text.printableLine(atMost: 100)
        guard line.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }), line.utf8.count <= 60,
            !line.contains("=?")
        else { return encoded(line) }
        let isAtoms = line.utf8.allSatisfy { byte in
            switch byte {
            case 0x20, 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
            }
        }
        if isAtoms { return [line] }
        let escaped = line.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return ["\"\(escaped)\""]
    }

    /// Encoded words of at most 75 bytes, never splitting a character.
    private static func encoded(_ text: String) -> [String] {
        var words: [String] = []
        var chunk: [UInt8] = []
        func close() -> String { "=?UTF-8?B?\(Base64.encode(chunk))?=" }
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            // 45 bytes are 60 base64 digits, with delimiters 72.
            if chunk.count + bytes.count > 45 {
                words.append(close())
                chunk = []
            }
            chunk += bytes
        }
        if !chunk.isEmpty || words.isEmpty { words.append(close()) }
        return words
    }

    /// A header line `Name: words`, folded to at most 78 columns where the words allow.
    static func line(_ name: String, _ words: [String]) -> String {
        var out = name + ":"
        var column = out.utf8.count
        for word in words {
            if column + 1 + word.utf8.count > 78, column > name.utf8.count + 1 {
                out += "\r\n"
                column = 0
            }
            out += " " + word
            column += 1 + word.utf8.count
        }
        return out + "\r\n"
    }
}
