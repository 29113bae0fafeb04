import Events
import JSONScan
import Rendering

/// The digest of `send-test`: says that it is a test in every form.
enum TestDigest {
    static func make(for receiver: String, at now: Timestamp) -> RenderedDigest {
        let words =
            "Bellwether test for receiver \(receiver), sent \(now.rfc3339). Nothing is wrong."
        var slack = JSONWriter()
        slack.object { $0.member("text", escapedForSlack(words)) }
        var model = JSONWriter()
        model.object { writer in
            writer.member("kind", "test")
            writer.member("receiver", receiver)
            writer.member("at", now.rfc3339)
        }
        return RenderedDigest(
            id: "test-\(now.basic)", thread: "test", subject: "[test] Bellwether",
            slack: slack.text,
            text: words + "\n",
            html: """
                <!doctype html><html><head><meta charset="utf-8"><title>Bellwether test</title></head>\
                <body><p>\(escapedForHTML(words))</p></body></html>
                """,
            model: model.text, kind: "test", groupKey: "test", composedAt: now)
    }

    private static func escapedForSlack(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static func escapedForHTML(_ text: String) -> String {
        escapedForSlack(text).replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
    }
}
