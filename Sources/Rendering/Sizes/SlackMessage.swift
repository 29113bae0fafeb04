import JSON

/// The payload of a Slack incoming webhook: Block Kit with a text fallback.
struct SlackMessage {
    /// Shown by notifications and by clients without blocks; mrkdwn-escaped.
    var fallback: String
    /// Plain text with `& < >` escaped.
    var headline: String
    /// Sections in mrkdwn; empty ones are left out.
    var sections: [String]
    /// The small print in mrkdwn.
    var footer: String

    /// The payload as JSON, within Slack's limits.
    var json: String {
        let headline = SlackLimits.cut(headline.oneLine, to: SlackLimits.header)
        let footer = SlackLimits.cut(footer.trimmedLines, to: SlackLimits.section)
        let fallback = SlackLimits.cut(fallback.oneLine, to: SlackLimits.fallback)
        let sections = sections.map(\.trimmedLines).filter { !$0.isEmpty }
            .prefix(SlackLimits.blocks - 2)
        var writer = JSONWriter(capacity: 4096)
        writer.object { w in
            w.member("text", fallback.isEmpty ? "bellwether" : fallback)
            w.member("unfurl_links", false)
            w.member("unfurl_media", false)
            w.member(array: "blocks") { w in
                if !headline.isEmpty {
                    w.object { w in
                        w.member("type", "header")
                        w.member(object: "text") { w in
                            w.member("type", "plain_text")
                            w.member("text", headline)
                            w.member("emoji", false)
                        }
                    }
                }
                for section in sections {
                    w.object { w in
                        w.member("type", "section")
                        w.member(object: "text") { w in
                            Self.mrkdwn(SlackLimits.cut(section, to: SlackLimits.section), &w)
                        }
                    }
                }
                if !footer.isEmpty {
                    w.object { w in
                        w.member("type", "context")
                        w.member(array: "elements") { w in w.object { Self.mrkdwn(footer, &$0) } }
                    }
                }
            }
        }
        return writer.text
    }

    /// Writes a mrkdwn text. With `verbatim`, Slack does not turn addresses, channels or names
    /// into links.
    private static func mrkdwn(_ text: String, _ w: inout JSONWriter) {
        w.member("type", "mrkdwn")
        w.member("text", text)
        w.member("verbatim", true)
    }
}

extension String {
    /// The text without whitespace at both ends.
    var trimmedLines: String {
        let body = drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        return String(body)
    }

    /// The text on one line.
    var oneLine: String {
        split(whereSeparator: \.isNewline).joined(separator: " ").trimmedLines
    }

    /// The text with at most one empty line in a row, none at the ends, and a final newline.
    var tidyLines: String {
        var out: [Substring] = []
        for line in split(separator: "\n", omittingEmptySubsequences: false) {
            let isBlank = line.allSatisfy(\.isWhitespace)
            if isBlank, out.last?.isEmpty ?? true { continue }
            out.append(isBlank ? "" : line)
        }
        while out.last?.isEmpty ?? false { out.removeLast() }
        return out.joined(separator: "\n") + "\n"
    }
}
