import Core

/// Quoted-printable (RFC 2045 §6.7): text in seven bits, lines of at most 76 bytes.
enum QuotedPrintable {
    private static let digits = Array("0123456789ABCDEF".utf8)
    private static let longest = 76

    /// Encodes `text`, whose lines end in LF or CRLF. All lines of the result end in CRLF.
    ///
    /// Control characters other than tab become U+FFFD: mail does not need them, and some programs
    /// interpret them.
    static func encode(_ text: String) -> [UInt8] {
        var out: [UInt8] = []
        // Splits scalars: in Swift, CRLF is one `Character` and does not equal LF.
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for line in lines {
            let line = line.last == "\r" ? line.dropLast() : line
            append(Array(InertText.mailLine(Substring(line)).utf8), to: &out)
            out += [0x0D, 0x0A]
        }
        return out
    }

    private static func append(_ line: [UInt8], to out: inout [UInt8]) {
        var column = 0
        for (index, byte) in line.enumerated() {
            let isLast = index == line.count - 1
            let word =
                needsEscape(byte, column: column, isLast: isLast)
                ? [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]] : [byte]
            // Leaves space for the soft break's `=`, except after a line's last byte.
            if column + word.count > longest - (isLast ? 0 : 1) {
                out += [UInt8(ascii: "="), 0x0D, 0x0A]
                column = 0
            }
            out += word
            column += word.count
        }
    }

    private static func needsEscape(_ byte: UInt8, column: Int, isLast: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "="): true
        case 0x20, 0x09: isLast
        // Servers double a dot at the start of a line, and some remove it.
        case UInt8(ascii: "."): column == 0
        case 0x21...0x7E: false
        default: true
        }
    }
}
