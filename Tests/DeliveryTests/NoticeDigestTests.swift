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
    }
}
