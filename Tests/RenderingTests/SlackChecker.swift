import Foundation

/// Slack's documented rules for the payload of an incoming webhook, checked
/// strictly: Block Kit reference (blocks, text objects), "Formatting text for
/// app surfaces", "Sending messages using incoming webhooks".
struct SlackChecker {
    private(set) var faults: [String] = []

    init(_ payload: String) {
        guard
            let root = try? JSONSerialization.jsonObject(with: Data(payload.utf8)) as? [String: Any]
        else {
            faults = ["not a JSON object"]
            return
        }
        let text = root["text"] as? String ?? ""
        expect(!text.isEmpty, "no text fallback")
        expect(text.utf16.count <= 4000, "text over 4,000 may be split")
        checkMarkup(text, allowsLinks: false)
        let known = ["text", "blocks", "attachments", "unfurl_links", "unfurl_media"]
        expect(root.keys.allSatisfy(known.contains), "unknown member in \(root.keys)")
        let blocks = root["blocks"] as? [[String: Any]] ?? []
        expect((1...50).contains(blocks.count), "\(blocks.count) blocks")
        for block in blocks { check(block) }
        let attachments = root["attachments"] as? [[String: Any]] ?? []
        expect(attachments.count <= 20, "\(attachments.count) attachments")
        for attachment in attachments { check(attachment: attachment) }
    }

    /// An attachment with a colour bar: blocks, or link buttons, which are not those of Block Kit:
    /// an incoming webhook cannot answer the click that those report.
    private mutating func check(attachment: [String: Any]) {
        let color = attachment["color"] as? String ?? ""
        expect(color.wholeMatch(of: /#[0-9a-f]{6}/) != nil, "color \(color)")
        checkMarkup(attachment["fallback"] as? String ?? "", allowsLinks: false)
        if let actions = attachment["actions"] as? [[String: Any]] {
            expect(Set(attachment.keys) == ["color", "fallback", "actions"], "members of actions")
            expect((1...5).contains(actions.count), "\(actions.count) actions")
            for action in actions {
                expect(Set(action.keys) == ["type", "text", "url"], "\(action.keys)")
                expect(action["type"] as? String == "button", "type of an action")
                let text = action["text"] as? String ?? ""
                expect((1...30).contains(text.utf16.count), "a button's text")
                checkMarkup(text, allowsLinks: false)
                let url = action["url"] as? String ?? ""
                expect(
                    url.wholeMatch(of: /https:\/\/[A-Za-z0-9%.\/:?&=-]{1,2990}/) != nil, url)
            }
        } else {
            expect(Set(attachment.keys) == ["color", "fallback", "blocks"], "members of a bar")
            let blocks = attachment["blocks"] as? [[String: Any]] ?? []
            expect((1...50).contains(blocks.count), "\(blocks.count) blocks")
            for block in blocks { check(block) }
        }
    }

    private mutating func check(_ block: [String: Any]) {
        let known: [String: Set<String>] = [
            "header": ["text"], "section": ["text", "fields"], "context": ["elements"],
        ]
        let type = block["type"] as? String ?? ""
        let members = Set(block.keys).subtracting(["type", "block_id"])
        expect(members.isSubset(of: known[type] ?? []), "\(type) with \(members)")
        expect((block["block_id"] as? String ?? "").utf16.count <= 255, "block_id")
        switch block["type"] as? String {
        case "header": checkText(block["text"], type: "plain_text", limit: 150)
        case "section":
            let fields = block["fields"] as? [Any] ?? []
            expect(fields.count <= 10, "\(fields.count) fields")
            for field in fields { checkText(field, type: "mrkdwn", limit: 2000) }
            if fields.isEmpty || block["text"] != nil {
                checkText(block["text"], type: "mrkdwn", limit: 3000)
            }
        case "context":
            let elements = block["elements"] as? [[String: Any]] ?? []
            expect((1...10).contains(elements.count), "\(elements.count) context elements")
            for element in elements { checkText(element, type: "mrkdwn", limit: 3000) }
        case let type: faults.append("block type \(type ?? "nil")")
        }
    }

    private mutating func checkText(_ value: Any?, type: String, limit: Int) {
        let object = value as? [String: Any] ?? [:]
        let own = type == "mrkdwn" ? "verbatim" : "emoji"
        expect(Set(object.keys) == ["type", "text", own], "text object with \(object.keys)")
        expect(object["type"] as? String == type, "text type")
        let text = object["text"] as? String ?? ""
        expect((1...limit).contains(text.utf16.count), "\(text.utf16.count) characters of \(limit)")
        let isPlain = type == "plain_text"
        if isPlain {
            expect(object["emoji"] as? Bool == false, "emoji names are read")
        } else {
            expect(object["verbatim"] as? Bool == true, "names and addresses become links")
        }
        checkMarkup(text, allowsLinks: !isPlain)
    }

    /// Accepts only our own links between `<` and `>`, and `&` only in an entity. No mention, no
    /// emoji name, no character that hides or reorders text.
    private mutating func checkMarkup(_ text: String, allowsLinks: Bool) {
        let link =
            /<https:\/\/(runbooks|argo|bellwether)\.example\/[A-Za-z0-9%.\/?=-]*\|(Rollout|Attempt|Runbook|Dashboard|Digest|Acknowledge|Silence|Status page)>/
        let date = /<!date\^[0-9]+\^\{(time|date_short\} \{time)\}\|[0-9Z: -]+>/
        var rest = text[...]
        while let sign = rest.firstIndex(where: { "<>&".contains($0) }) {
            rest = rest[sign...]
            if let entity = ["&lt;", "&gt;", "&amp;"].first(where: rest.hasPrefix) {
                rest = rest.dropFirst(entity.count)
            } else if allowsLinks, let own = rest.prefixMatch(of: link) {
                rest = rest[own.range.upperBound...]
            } else if allowsLinks, let own = rest.prefixMatch(of: date) {
                rest = rest[own.range.upperBound...]
            } else {
                faults.append("bare \(rest.prefix(20))")
                rest = rest.dropFirst()
            }
        }
        expect(!text.contains("@"), "a mention")
        expect(text.ranges(of: "```").count % 2 == 0, "an open code block")
        expect(text.firstMatch(of: /:[a-z0-9_+'-]+:/.ignoresCase()) == nil, "an emoji name")
        for scalar in text.unicodeScalars where scalar != "\n" {
            expect(!scalar.isHidden, "U+\(String(scalar.value, radix: 16)) is shown")
        }
    }

    private mutating func expect(_ holds: Bool, _ fault: @autoclosure () -> String) {
        if !holds { faults.append(fault()) }
    }
}
