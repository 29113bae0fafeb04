import JSON

/// Converts a Slack message to plain text for a terminal.
public enum SlackText {
    /// Returns the texts of the message's blocks in order; empty if `json` is not JSON.
    ///
    /// - Parameter json: The content of `RenderedDigest.slack`.
    public static func plain(_ json: String) -> String {
        let limits = JSONLimits(maxBytes: 1 << 20, maxDepth: 16)
        guard let tree = try? JSONValue(parsing: Array(json.utf8), limits: limits) else {
            return ""
        }
        var blocks = (tree["blocks"]?.elements ?? [])
        var links: [String] = []
        for attachment in (tree["attachments"]?.elements ?? []) {
            blocks += (attachment["blocks"]?.elements ?? [])
            links += (attachment["actions"]?.elements ?? []).compactMap { action in
                guard let text = action["text"]?.string, let url = action["url"]?.string else {
                    return nil
                }
                return "[\(text)] \(url)"
            }
        }
        guard !blocks.isEmpty else { return unescaped(tree["text"]?.string ?? "") + "\n" }
        var parts: [String] = []
        for block in blocks {
            if let text = block["text"]?["text"]?.string { parts.append(unescaped(text)) }
            parts += (block["elements"]?.elements ?? []).compactMap {
                $0["text"]?.string.map(unescaped)
            }
        }
        if !links.isEmpty { parts.append(links.joined(separator: "\n")) }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private static func unescaped(_ text: String) -> String {
        text.replacing(#/<!date\^[0-9]+\^[^|>]*\|([^>]*)>/#) { String($0.output.1) }
            .replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
    }
}
