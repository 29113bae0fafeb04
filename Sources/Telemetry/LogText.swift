/// Escapes untrusted text for one line of a log.
enum LogText {
    /// Most Unicode scalars of one value. The number of scalars cut off is appended.
    static let longestValue = 2048

    /// Returns `text` unchanged if it needs no quotes, else as a JSON string.
    static func value(_ text: String) -> String {
        let plain =
            !text.isEmpty && text.utf8.count <= longestValue
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9": true
                case "_", "-", ".", "/", ":", "+", "@", "%", ",", "*", "(", ")": true
                default: false
                }
            }
        return plain ? text : quoted(text)
    }

    /// Returns `text` as a JSON string. Each UTF-16 unit of a scalar that `isHidden` becomes a
    /// backslash, `u` and four hex digits.
    static func quoted(_ text: String) -> String {
        "\"" + escaped(text, quotes: true) + "\""
    }

    /// Escapes text that is written without quotes, such as the message.
    static func words(_ text: String) -> String { escaped(text, quotes: false) }

    /// Returns a field's name: at most 64 letters, digits, `_`, `-` and `.`; others become `_`.
    static func key(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars.prefix(64) {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".": out.unicodeScalars.append(scalar)
            default: out += "_"
            }
        }
        return out.isEmpty ? "_" : out
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var out = ""
        for scalar in text.unicodeScalars.prefix(longestValue) {
            switch scalar {
            case "\"" where quotes: out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case let hidden where hidden.isHidden:
                for unit in String(hidden).utf16 {
                    let digits = String(unit, radix: 16)
                    out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: out.unicodeScalars.append(scalar)
            }
        }
        let length = text.unicodeScalars.count
        if length > longestValue { out += "… (\(length - longestValue) more)" }
        return out
    }
}
