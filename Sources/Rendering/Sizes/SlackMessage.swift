import Core
import JSON

/// The payload of a Slack incoming webhook: a header, then an attachment with a colour bar that
/// contains the blocks, and link buttons.
///
/// Link buttons are those of attachments: buttons of Block Kit report a click to the app, and an
/// incoming webhook has nobody to answer.
struct SlackMessage {
    struct Button {
        let text: String
        let url: String
    }

    /// Shown by notifications and by clients without blocks; mrkdwn-escaped.
    var fallback: String
    /// Plain text with `& < >` escaped. Empty: a reply, which has neither bar nor buttons.
    var headline: String
    /// Sections in mrkdwn; empty ones are left out.
    var sections: [String]
    /// The small print in mrkdwn.
    var footer: String
    /// `#b3261e`.
    var color = ""
    var buttons: [Button] = []

    /// The payload as JSON, within Slack's limits.
    var json: String {
        let headline = SlackLimits.cut(headline.oneLine, to: SlackLimits.header)
        let fallback = SlackLimits.cut(fallback.oneLine, to: SlackLimits.fallback)
        var writer = JSONWriter(capacity: 4096)
        writer.object { w in
            w.member("text", fallback.isEmpty ? "bellwether" : fallback)
            w.member("unfurl_links", false)
            w.member("unfurl_media", false)
            w.member(array: "blocks") { w in
                if headline.isEmpty { writeBody(&w) } else { Self.header(headline, &w) }
            }
            guard !headline.isEmpty else { return }
            w.member(array: "attachments") { w in
                w.object { w in
                    w.member("color", color)
                    w.member("fallback", fallback)
                    w.member(array: "blocks") { writeBody(&$0) }
                }
                if !buttons.isEmpty { w.object { writeButtons(&$0) } }
            }
        }
        return writer.text
    }

    private static func header(_ text: String, _ w: inout JSONWriter) {
        w.object { w in
            w.member("type", "header")
            w.member(object: "text") { w in
                w.member("type", "plain_text")
                w.member("text", text)
                w.member("emoji", false)
            }
        }
    }

    private func writeBody(_ w: inout JSONWriter) {
        let footer = SlackLimits.cut(footer.trimmedLines, to: SlackLimits.section)
        let sections = sections.map(\.trimmedLines).filter { !$0.isEmpty }
            .prefix(SlackLimits.blocks - 2)
        for section in sections {
            w.object { w in
                w.member("type", "section")
                w.member(object: "text") { w in
                    Self.mrkdwn(SlackLimits.cut(section, to: SlackLimits.section), &w)
                }
            }
        }
        guard !footer.isEmpty else { return }
        w.object { w in
            w.member("type", "context")
            w.member(array: "elements") { w in w.object { Self.mrkdwn(footer, &$0) } }
        }
    }

    private func writeButtons(_ w: inout JSONWriter) {
        w.member("color", color)
        w.member("fallback", buttons.map(\.text).joined(separator: ", "))
        w.member(array: "actions") { w in
            for button in buttons.prefix(SlackLimits.buttons) {
                w.object { w in
                    w.member("type", "button")
                    w.member(
                        "text",
                        InertText.slack(button.text).cut(to: SlackLimits.button, .utf16, mark: "…"))
                    w.member("url", button.url)
                }
            }
        }
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
        guard let first = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }

    /// The text on one line.
    var oneLine: String {
        hasLineBreak
            ? split(whereSeparator: \.isNewline).joined(separator: " ").trimmedLines : trimmedLines
    }

    /// False if the text has certainly no line break: neither one of ASCII nor a byte with which
    /// U+0085, U+2028 and U+2029 begin.
    private var hasLineBreak: Bool {
        utf8.contains { (0x0A...0x0D).contains($0) || $0 == 0xC2 || $0 == 0xE2 }
    }

    /// The text with at most one empty line in a row, none at the ends, and a final newline.
    var tidyLines: String {
        var text = self
        // Bytes: finding the characters of a page takes longer than rendering it.
        return text.withUTF8 { utf8 in
            var out: [UInt8] = []
            out.reserveCapacity(utf8.count)
            var isAfterBlank = false
            for line in utf8.split(separator: 0x0A, omittingEmptySubsequences: false) {
                if Self.isBlank(line) {
                    isAfterBlank = true
                    continue
                }
                if !out.isEmpty {
                    out.append(0x0A)
                    if isAfterBlank { out.append(0x0A) }
                }
                out.append(contentsOf: UnsafeBufferPointer(rebasing: line))
                isAfterBlank = false
            }
            out.append(0x0A)
            return String(decoding: out, as: UTF8.self)
        }
    }

    /// Whether a line has only white space.
    private static func isBlank(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard let first = line.first(where: { $0 != 0x20 && !(0x09...0x0D).contains($0) }) else {
            return true
        }
        return first >= 0x80
            && String(decoding: line, as: UTF8.self).unicodeScalars.allSatisfy(
                \.properties.isWhitespace)
    }
}
