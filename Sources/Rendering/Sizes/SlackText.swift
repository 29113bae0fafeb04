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
        guard case .array(let blocks)? = tree["blocks"] else {
            return unescaped(tree["text"]?.string ?? "") + "\n"
        }
        var parts: [String] = []
        for block in blocks {
            if let text = block["text"]?["text"]?.string { parts.append(unescaped(text)) }
            if case .array(let elements)? = block["elements"] {
                parts += elements.compactMap { $0["text"]?.string.map(unescaped) }
            }
        }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private static func unescaped(_ text: String) -> String {
        text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
    }
}
