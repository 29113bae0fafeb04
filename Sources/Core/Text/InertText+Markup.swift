// The markup languages of messages and pages.
extension InertText {
    /// Text and attributes in quotes of HTML (HTML Standard §13.1.2.3): `& < > " '` become
    /// references. Hidden characters but line feed, tab and private use become U+FFFD.
    public static func html(_ text: some StringProtocol) -> String { html(String(text)) }

    /// The same for a whole text.
    public static func html(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            byte >= 0x20 && byte < 0x7F && !byte.isOne(of: "&<>\"'")
        }
        if isPlain { return text }
        return replaced(text) { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case "'": "&#39;"
            default: hidden(scalar)
            }
        }
    }

    /// Text in Slack's mrkdwn and plain text objects.
    ///
    /// Slack requires to escape only `& < >` (Formatting text for app surfaces, Slack API), which
    /// also disables `<!channel>`, `<@U1>` and links. Other markup has no escape and is replaced by
    /// look-alikes: `@`, the characters for bold, strike and code, an underscore that is not inside
    /// a word, and the opening colon of `:emoji:`. Hidden characters become U+FFFD as in `html`.
    public static func slack(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            byte >= 0x20 && byte < 0x7F && !byte.isOne(of: "&<>@*~`_:")
        }
        if isPlain { return text }
        let scalars = Array(text.unicodeScalars)
        var i = -1
        return replaced(text) { scalar in
            i += 1
            switch scalar {
            case "&": return "&amp;"
            case "<": return "&lt;"
            case ">": return "&gt;"
            case "@": return "\u{FF20}"
            case "*": return "\u{2217}"
            case "~": return "\u{223C}"
            case "`": return "\u{02CB}"
            case "_":
                let isInside =
                    i > 0 && i + 1 < scalars.count && isWordPart(scalars[i - 1])
                    && isWordPart(scalars[i + 1])
                return isInside ? nil : "\u{FF3F}"
            case ":":
                let name = scalars[(i + 1)...].prefix(while: isEmojiName)
                let isEmoji =
                    !name.isEmpty && name.endIndex < scalars.count
                    && scalars[name.endIndex] == ":"
                return isEmoji ? "\u{A789}" : nil
            default: return hidden(scalar)
            }
        }
    }

    /// Text in Markdown: a backslash before each ASCII character that CommonMark (§2.4), Discord,
    /// GitHub, GitLab or Mattermost reads as markup. `@` becomes a look-alike: a mention has no
    /// escape. Hidden characters become U+FFFD as in `html`.
    public static func markdown(_ text: String) -> String {
        replaced(text) { scalar in
            switch scalar {
            case "@": "\u{FF20}"
            case "\\", "`", "*", "_", "{", "}", "[", "]", "(", ")", "<", ">", "#", "+", "!", "|",
                "~", "&", ":":
                "\\" + String(scalar)
            default: hidden(scalar)
            }
        }
    }

    /// Private use stays: messages mark times with such characters, after `visible` has replaced
    /// those of events.
    private static func hidden(_ scalar: Unicode.Scalar) -> String? {
        if scalar == "\n" || scalar == "\t" || !isHidden(scalar) { return nil }
        return scalar.properties.generalCategory == .privateUse ? nil : "\u{FFFD}"
    }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_"
    }

    private static func isEmojiName(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII
            && (UInt8(ascii: scalar).isAlphanumeric || "_+-'".unicodeScalars.contains(scalar))
    }
}
