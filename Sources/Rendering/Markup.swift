import Mustache

/// The markup languages of messages, and how text is escaped in each.
enum Markup: String, CaseIterable, Sendable {
    case text
    case html
    /// Slack's mrkdwn and plain text objects.
    case slack

    /// Escapes `text` so that it contains no markup.
    func escape(_ text: String) -> String {
        switch self {
        case .text: text
        case .html: Self.html(text)
        case .slack: Self.slack(text)
        }
    }

    private static func html(_ text: String) -> String {
        let special = "&<>\"'".utf8
        guard text.utf8.contains(where: special.contains) else { return text }
        var out = ""
        out.reserveCapacity(text.utf8.count + 16)
        for character in text.unicodeScalars {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.unicodeScalars.append(character)
            }
        }
        return out
    }

    /// Escapes text for Slack.
    ///
    /// Slack requires to escape only `& < >`, which also disables `<!channel>`, `<@U1>` and
    /// links. Other markup has no escape and is replaced by look-alikes: `@`, the characters for
    /// bold, strike and code, an underscore that is not inside a word, and the opening colon of
    /// `:emoji:`.
    private static func slack(_ text: String) -> String {
        let special = "&<>@*~`_:".utf8
        guard text.utf8.contains(where: special.contains) else { return text }
        let scalars = Array(text.unicodeScalars)
        var out = ""
        out.reserveCapacity(text.utf8.count + 16)
        for (i, scalar) in scalars.enumerated() {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "@": out += "\u{FF20}"
            case "*": out += "\u{2217}"
            case "~": out += "\u{223C}"
            case "`": out += "\u{02CB}"
            case "_":
                let inside =
                    i > 0 && i + 1 < scalars.count && isWordPart(scalars[i - 1])
                    && isWordPart(scalars[i + 1])
                out += inside ? "_" : "\u{FF3F}"
            case ":":
                let opens = i + 1 < scalars.count && isEmojiName(scalars[i + 1])
                out += opens && closesEmoji(scalars[(i + 1)...]) ? "\u{A789}" : ":"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_"
    }

    private static func isEmojiName(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII
            && (scalar.properties.isAlphabetic || "0123456789_+-'".unicodeScalars.contains(scalar))
    }

    private static func closesEmoji(_ rest: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let end = rest.firstIndex(where: { !isEmojiName($0) }) else { return false }
        return rest[end] == ":"
    }
}

extension Markup: MustacheContentType {
    func escapeText(_ text: String) -> String { escape(text) }

    /// The name for templates: `{{% CONTENT_TYPE: … }}`.
    var contentType: String { "bellwether-\(rawValue)" }

    /// Registers all markups with the template engine, once per process.
    static let registered: Void = {
        for markup in allCases { MustacheContentTypes.register(markup, named: markup.contentType) }
    }()
}
