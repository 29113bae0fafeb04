import JSONScan

/// The payload of a Slack incoming webhook: Block Kit with a text fallback.
struct SlackMessage {
    /// Shown by notifications and by clients without blocks; mrkdwn-escaped.
    var fallback: String
    /// Plain text with `& < >` escaped.
    var headline: String
    /// mrkdwn; empty ones are left out.
    var sections: [String]
    /// mrkdwn, small print.
    var footer: String

    /// The JSON, within every limit.
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

    /// `verbatim`: Slack turns no address, channel or name in it into a link.
    private static func mrkdwn(_ text: String, _ w: inout JSONWriter) {
        w.member("type", "mrkdwn")
        w.member("text", text)
        w.member("verbatim", true)
    }
}

extension String {
    /// Without empty lines at the ends.
    var trimmedLines: String {
        let body = drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        return String(body)
    }

    /// On one line.
    var oneLine: String {
        split(whereSeparator: \.isNewline).joined(separator: " ").trimmedLines
    }

    /// Without trailing spaces, and no more than one empty line in a row.
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
