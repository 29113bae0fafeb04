import Events
import JSON
import Rendering
import Testing

@testable import Delivery

@Suite("Digests about delivery")
struct NoticeDigestTests {
    @Test("a receiver's words are inert in each form of the digest")
    func inert() throws {
        let digest = NoticeDigest.own(
            kind: "x", subject: "Bellwether: x",
            words: "500 <!channel> @here *bold* `code` :fire: \"q\" a\u{202E}b\u{3164}c",
            at: Timestamp(milliseconds: 0))
        #expect(digest.subject == "[NOTICE] Bellwether: x")
        let slack = try JSONValue(parsing: Array(digest.slack.utf8), limits: .event)
        #expect(
            slack["text"]?.string
                == "500 &lt;!channel&gt; ＠here ∗bold∗ ˋcodeˋ ꞉fire: \"q\" a b c")
        #expect(
            digest.html.contains(
                "500 &lt;!channel&gt; @here *bold* `code` :fire: &quot;q&quot; a b c"))
        #expect(digest.text == "500 <!channel> @here *bold* `code` :fire: \"q\" a b c\n")
        let section = slack["attachments"]?[0]?["blocks"]?[0]?["text"]
        #expect(section?["text"]?.string == slack["text"]?.string)
        #expect(section?["verbatim"]?.bool == true)
    }

    @Test("its state is in the title and in the colour of Slack's bar, within Slack's limits")
    func states() throws {
        let now = Timestamp(milliseconds: 0)
        let name = String(repeating: "&", count: 63)
        let long = String(repeating: "<", count: 300)
        let notices: [(digest: RenderedDigest, label: String, color: String)] = [
            (
                NoticeDigest.changed(.failing(name, since: now, words: long), at: now), "FAILING",
                "#b3261e"
            ),
            (NoticeDigest.changed(.recovered("mail"), at: now), "RECOVERED", "#1a6b2f"),
            (
                NoticeDigest.paused(name, words: long, DeliveryPolicy(), at: now), "NOTICE",
                "#b3261e"
            ),
            (NoticeDigest.own(kind: "x", subject: "x", words: long, at: now), "NOTICE", "#b26a00"),
        ]
        for (digest, label, color) in notices {
            #expect(digest.subject.hasPrefix("[\(label)] "))
            let slack = try JSONValue(parsing: Array(digest.slack.utf8), limits: .event)
            let title = slack["blocks"]?[0]?["text"]?["text"]?.string ?? ""
            #expect(title.hasPrefix("[\(label)] ") && title.utf16.count <= 150, "\(title)")
            let bar = slack["attachments"]?[0]
            #expect(bar?["color"]?.string == color)
            let text = bar?["blocks"]?[0]?["text"]?["text"]?.string ?? ""
            #expect((1...3000).contains(text.utf16.count), "\(text.utf16.count)")
        }
    }
}
