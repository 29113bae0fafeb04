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
        var blocks = elements(of: tree["blocks"])
        var links: [String] = []
        for attachment in elements(of: tree["attachments"]) {
            blocks += elements(of: attachment["blocks"])
            links += elements(of: attachment["actions"]).compactMap { action in
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
            parts += elements(of: block["elements"]).compactMap {
                $0["text"]?.string.map(unescaped)
            }
        }
        if !links.isEmpty { parts.append(links.joined(separator: "\n")) }
        return parts.joined(separator: "\n\n") + "\n"
    }

    /// The elements of a list; none for another value.
    static func elements(of value: JSONValue?) -> [JSONValue] {
        if case .array(let elements)? = value { elements } else { [] }
    }

    private static func unescaped(_ text: String) -> String {
        text.replacing(#/<!date\^[0-9]+\^[^|>]*\|([^>]*)>/#) { String($0.output.1) }
            .replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
    }
}
