/// Separates code from strings and comments, as far as our own sources require.
struct SourceScanner {
    private let text: [UInt8]
    private var at = 0
    private var out: [UInt8] = []

    private init(_ text: [UInt8]) {
        self.text = text
        out.reserveCapacity(text.count)
    }

    /// The text without comments and with empty strings `""`; interpolated code and line breaks
    /// stay.
    static func code(of text: String) -> [UInt8] {
        var scanner = SourceScanner(Array(text.utf8))
        scanner.code(until: nil)
        return scanner.out
    }

    private func has(_ word: StaticString) -> Bool {
        guard at + word.utf8CodeUnitCount <= text.count else { return false }
        for i in 0..<word.utf8CodeUnitCount where text[at + i] != word.utf8Start[i] { return false }
        return true
    }

    /// Skips to `end`; line breaks stay.
    private mutating func skip(while goesOn: (Self) -> Bool) {
        while at < text.count, goesOn(self) {
            if text[at] == 0x0A { out.append(0x0A) }
            at += 1
        }
    }

    /// Scans past the parenthesis that closes an interpolation, or to the end.
    private mutating func code(until closing: UInt8?) {
        var depth = 0
        while at < text.count {
            let next = text[at]
            if has("//") {
                skip { $0.text[$0.at] != 0x0A }
            } else if has("/*") {
                skip { !$0.has("*/") }
                at = min(at + 2, text.count)
            } else if next == UInt8(ascii: "\"") || next == UInt8(ascii: "#") && isString {
                string()
            } else {
                if next == UInt8(ascii: "(") { depth += 1 }
                if next == UInt8(ascii: ")") {
                    if depth == 0, closing != nil {
                        at += 1
                        return
                    }
                    depth -= 1
                }
                out.append(next)
                at += 1
            }
        }
    }

    /// Whether the number signs at this position start a string.
    private var isString: Bool {
        text[at...].first { $0 != UInt8(ascii: "#") } == UInt8(ascii: "\"")
    }

    private mutating func string() {
        var hashes = 0
        while text[at] == UInt8(ascii: "#") {
            hashes += 1
            at += 1
        }
        let quotes = has("\"\"\"") ? 3 : 1
        at += quotes
        out.append(UInt8(ascii: "\""))
        while at < text.count {
            if isEnd(quotes, hashes) {
                at += quotes + hashes
                break
            }
            if text[at] == UInt8(ascii: "\\"), isRun(of: "#", hashes, from: at + 1) {
                let place = at + 1 + hashes
                if place < text.count, text[place] == UInt8(ascii: "(") {
                    at = place + 1
                    out += Array("\"(".utf8)
                    code(until: UInt8(ascii: ")"))
                    out += Array(")\"".utf8)
                    continue
                }
                // The escaped character.
                if hashes == 0 { at += 1 }
            }
            if at < text.count, text[at] == 0x0A { out.append(0x0A) }
            at += 1
        }
        out.append(UInt8(ascii: "\""))
    }

    private func isEnd(_ quotes: Int, _ hashes: Int) -> Bool {
        isRun(of: "\"", quotes, from: at) && isRun(of: "#", hashes, from: at + quotes)
    }

    private func isRun(of character: Unicode.Scalar, _ count: Int, from start: Int) -> Bool {
        guard start + count <= text.count else { return false }
        return text[start..<(start + count)].allSatisfy { $0 == UInt8(ascii: character) }
    }
}
