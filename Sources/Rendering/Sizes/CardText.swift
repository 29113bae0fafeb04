import JSON

/// Converts an Adaptive Card to plain text for a terminal.
public enum CardText {
    /// Returns the card's texts and buttons in order; empty if `json` is not JSON.
    ///
    /// - Parameter json: A message of Microsoft Teams with one card.
    public static func plain(_ json: String) -> String {
        let limits = JSONLimits(maxBytes: 1 << 20, maxDepth: 16)
        guard let tree = try? JSONValue(parsing: Array(json.utf8), limits: limits) else {
            return ""
        }
        let card = tree["attachments"]?[0]?["content"]
        var lines: [String] = []
        for element in (card?["body"]?.elements ?? []) {
            let runs = element["inlines"]?.elements ?? []
            let text = runs.compactMap { $0["text"]?.string }.joined()
            if element["separator"]?.bool == true { lines.append("") }
            lines.append(text)
        }
        let buttons = (card?["actions"]?.elements ?? []).compactMap { action -> String? in
            guard let title = action["title"]?.string, let url = action["url"]?.string else {
                return nil
            }
            return "[\(title)] \(url)"
        }
        if !buttons.isEmpty { lines += [""] + buttons }
        return lines.joined(separator: "\n") + "\n"
    }
}
