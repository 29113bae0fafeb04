/// Slack's documented limits (Block Kit reference; incoming webhooks).
///
/// Counted in UTF-16 units after escaping, which is at least the length that Slack counts.
enum SlackLimits {
    static let blocks = 50
    static let header = 150
    static let section = 3000
    /// Link buttons of one attachment, and the length of a button's text.
    static let buttons = 5
    static let button = 30
    /// Slack shortens a longer `text`, which is only shown in notifications.
    static let fallback = 3000

    /// Cuts `escaped` to `limit` and appends a mark.
    ///
    /// Never cuts inside an entity or a link, and closes an open code block.
    static func cut(_ escaped: String, to limit: Int) -> String {
        // UTF-8 is never shorter, and counting it takes no time.
        guard escaped.utf8.count > limit, escaped.utf16.count > limit else { return escaped }
        let fence = "```"
        let mark = "… (shortened)"
        let available = limit - mark.utf16.count - fence.utf16.count
        guard available > 0 else { return "" }
        var kept = ""
        var length = 0
        for scalar in escaped.unicodeScalars {
            length += UTF16.width(scalar)
            if length > available { break }
            kept.unicodeScalars.append(scalar)
        }
        if let ampersand = kept.lastIndex(of: "&"), !kept[ampersand...].contains(";") {
            kept = String(kept[..<ampersand])
        }
        if let open = kept.lastIndex(of: "<"), !kept[open...].contains(">") {
            kept = String(kept[..<open])
        }
        while kept.last == "`" { kept.removeLast() }
        let fences = kept.ranges(of: fence).count
        return kept + mark + (fences % 2 == 1 ? fence : "")
    }
}
