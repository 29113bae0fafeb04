/// Untrusted text made inert for one line of a log.
enum LogText {
    /// Values are cut to this many Unicode scalars; what was cut is counted.
    static let longestValue = 2048

    /// As it stands when it needs no quotes, else in double quotes with JSON's escapes.
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

    /// A JSON string. All that `isHidden` is written as `\uXXXX`, so that
    /// neither a terminal nor a line reader sees more than letters.
    static func quoted(_ text: String) -> String {
        "\"" + escaped(text, quotes: true) + "\""
    }

    /// Words that stand without quotes: the message.
    static func words(_ text: String) -> String { escaped(text, quotes: false) }

    /// A field's name in letters, digits, `_`, `-` and `.`.
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
