import Events

/// Times of day that Slack shows in the reader's time zone.
///
/// A view marks them with private-use characters, which `InertText` removes from all text of
/// events; the rendered text then gets Slack's date syntax, or the plain time.
enum SlackDate {
    private static let start: Unicode.Scalar = "\u{F8F0}"
    private static let middle: Unicode.Scalar = "\u{F8F1}"
    private static let end: Unicode.Scalar = "\u{F8F2}"

    static func mark(_ moment: Timestamp, _ text: String, isToday: Bool) -> String {
        let seconds = moment.milliseconds / 1000
        // The text is the fallback of clients that cannot format the time.
        return "\(start)\(seconds)\(isToday ? "t" : "d")\(middle)\(text)\(end)"
    }

    /// Replaces each mark by `<!date^SECONDS^{time}|TEXT>`.
    static func expand(_ text: String) -> String {
        replace(text) { seconds, isToday, words in
            "<!date^\(seconds)^\(isToday ? "{time}" : "{date_short} {time}")|\(words)>"
        }
    }

    /// Replaces each mark by its text, for places where Slack formats no dates.
    static func plain(_ text: String) -> String { replace(text) { _, _, words in words } }

    private static func replace(
        _ text: String, _ made: (String, Bool, String) -> String
    ) -> String {
        let scalars = text.unicodeScalars
        var out = ""
        var done = text.startIndex
        var at = text.startIndex
        // The marks begin with this byte of UTF-8, few other characters do.
        while let open = text.utf8[at...].firstIndex(of: 0xEF) {
            let inner = scalars[scalars.index(after: open)...]
            at = inner.startIndex
            guard scalars[open] == start else { continue }
            guard let split = inner.firstIndex(of: middle), let close = inner.firstIndex(of: end),
                split < close, let form = inner[..<split].last
            else { break }
            out.append(contentsOf: text[done..<open])
            out += made(
                String(inner[..<split].dropLast()), form == "t",
                String(inner[inner.index(after: split)..<close]))
            at = inner.index(after: close)
            done = at
        }
        guard done > text.startIndex else { return text }
        out.append(contentsOf: text[done...])
        return out
    }
}
