/// Separates code from strings and comments, as far as our own sources require.
struct SourceScanner {
    private let text: [Character]
    private var at = 0
    private(set) var out: [Character] = []

    private init(_ text: [Character]) { self.text = text }

    /// The text without comments and with empty strings `""`; interpolated code stays.
    static func code(of text: String) -> String {
        var scanner = SourceScanner(Array(text))
        scanner.code(until: nil)
        return String(scanner.out)
    }

    private func has(_ word: String) -> Bool {
        text[at...].starts(with: word)
    }

    /// Scans past the parenthesis that closes an interpolation, or to the end.
    private mutating func code(until closing: Character?) {
        var depth = 0
        while at < text.count {
            let next = text[at]
            if has("//") {
                while at < text.count, !text[at].isNewline { at += 1 }
            } else if has("/*") {
                while at < text.count, !has("*/") {
                    if text[at].isNewline { out.append(text[at]) }
                    at += 1
                }
                at = min(at + 2, text.count)
            } else if next == "\"" || next == "#" && isString {
                string()
            } else {
                if next == "(" { depth += 1 }
                if next == ")" {
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
        text[at...].first { $0 != "#" } == "\""
    }

    private mutating func string() {
        var hashes = ""
        while text[at] == "#" {
            hashes += "#"
            at += 1
        }
        let quotes = has("\"\"\"") ? "\"\"\"" : "\""
        at += quotes.count
        out += "\""
        while at < text.count {
            if has(quotes + hashes) {
                at += quotes.count + hashes.count
                break
            }
            if has("\\" + hashes + "(") {
                at += 2 + hashes.count
                out += "\"("
                code(until: ")")
                out += ")\""
            } else if hashes.isEmpty, text[at] == "\\" {
                at += 2
            } else {
                if text[at].isNewline { out.append(text[at]) }
                at += 1
            }
        }
        out += "\""
    }
}
