import Core
import Testing

@Suite("Wildcards")
struct WildcardTests {
    @Test(
        "a star is any text; a question mark one byte, where it is a placeholder",
        arguments: [
            ("a*c", "abbc", true), ("a*c", "ac", true), ("a*c", "acb", false), ("*", "", true),
            ("", "", true), ("", "a", false), ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false), ("*ab", "aab", true), ("a?c", "abc", true),
            ("a?c", "ac", false), ("?*", "", false), ("pay-*", "pay-eu", true),
            ("é*", "éa", true),
        ])
    func matching(_ pattern: String, _ text: String, _ isMatch: Bool) {
        #expect(Wildcard(pattern, hasPlaceholder: true).matches(text) == isMatch)
    }

    @Test("without placeholders a question mark is itself")
    func literal() {
        #expect(Wildcard("a?*").matches("a?b") && !Wildcard("a?*").matches("acb"))
        #expect(Wildcard("*ab*c*").longestPart == Array("ab".utf8))
        #expect(Wildcard("**").longestPart.isEmpty)
    }

    @Test("a pattern of many stars takes no exponential time")
    func hostile() {
        let pattern = String(repeating: "a*", count: 50) + "b"
        #expect(!Wildcard(pattern).matches(String(repeating: "a", count: 1000)))
    }
}
