import Testing

@testable import Console

@Suite("Markup")
struct HTMLTests {
    private func text(_ html: HTML) -> String { String(decoding: html.bytes, as: UTF8.self) }

    @Test("text is escaped everywhere, and markup within markup is kept")
    func escaping() {
        let hostile = "<script>alert('1')</script> & \"x\""
        let cell: HTML = "<td title=\"\(hostile)\">\(hostile)</td>"
        let inert = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;"
        #expect(text(cell) == "<td title=\"\(inert)\">\(inert)</td>")
        let row: HTML = "<tr>\(cell)\(7)</tr>"
        #expect(text(row) == "<tr>\(text(cell))7</tr>")
    }

    @Test("invisible characters have no effect: controls, bidi, separators")
    func hidden() {
        let page: HTML = "\("a\u{202E}b\u{0}c\u{2028}d\u{7F}é")"
        #expect(text(page) == "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}é")
    }

    @Test("a path segment cannot break out")
    func segments() {
        let link: HTML = "<a href=\"/attempts/\(segment: "../\"><b x=1?#é")\">"
        #expect(text(link) == "<a href=\"/attempts/..%2F%22%3E%3Cb%20x%3D1%3F%23%C3%A9\">")
    }
}
