import Testing

@testable import Serving

@Suite("What the express lane takes for a request")
struct ExpressRequestTests {
    static let plain =
        "POST /rollouts/analysis HTTP/1.1\r\nHost: a:8443\r\nContent-Type: application/json\r\n"
        + "Authorization: Bearer x\r\nContent-Length: 2\r\n\r\n{}"

    private func read(_ text: String) -> [String]? {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { bytes in
            ExpressRequest(bytes).map { request in
                func text(_ range: Range<Int>?) -> String {
                    range.map { String(decoding: bytes[$0], as: UTF8.self) } ?? "-"
                }
                return [
                    text(request.method), text(request.path), text(request.host),
                    text(request.contentType), text(request.authorization),
                    text(request.body..<bytes.count),
                ]
            }
        }
    }

    @Test("the plain form, whatever the case of names and the blanks before values")
    func plain() {
        let expected = [
            "POST", "/rollouts/analysis", "a:8443", "application/json", "Bearer x", "{}",
        ]
        #expect(read(Self.plain) == expected)
        #expect(
            read(
                "POST /rollouts/analysis HTTP/1.1\r\nHOST:a:8443\r\nconTENT-type:  application/json\r\n"
                    + "authorization: Bearer x\r\nX-Other: 1\r\nConnection: Keep-Alive\r\n"
                    + "content-length:2\r\n\r\n{}") == expected)
        #expect(
            read("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n") == ["GET", "/livez", "a", "-", "-", ""])
    }

    @Test(
        "anything unclear is left to the full parser",
        arguments: [
            ("POST", "post"), ("POST ", "POST  "), ("/rollouts/analysis", "/rollouts/analysis?a=b"),
            ("/rollouts", "/%72ollouts"), ("/rollouts", "http://a/rollouts"),
            ("HTTP/1.1", "HTTP/1.0"), ("HTTP/1.1", "HTTP/1.1 "), ("HTTP/1.1\r\n", "HTTP/1.1\n"),
            ("Host: a:8443\r\n", ""), ("Host: a:8443\r\n", "Host: a\r\nHost: a\r\n"),
            ("Host: a:8443", "Host:"), ("Bearer x", "Bearer x "), ("Host: a", "Host : a"),
            ("Host: a", " Host: a"),
            ("Length: 2", "Length: 3"), ("Length: 2", "Length: 1"), ("Length: 2", "Length: +2"),
            ("Length: 2", "Length: 2, 2"), ("Length: 2", "Length: 0x2"), ("Length: 2", "Length: "),
            ("Content-Length: 2\r\n", ""),
            ("Content-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 2\r\n"),
            ("Content-Length: 2\r\n", "Transfer-Encoding: chunked\r\n"),
            ("Content-Length: 2\r\n", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
            ("Content-Length: 2\r\n", "Content-Length: 2\r\n folded\r\n"),
            ("Content-Length: 2\r\n", "Content-Length: 2\r\nContent-Encoding: gzip\r\n"),
            ("Content-Length: 2\r\n", "Content-Length: 2\r\nExpect: 100-continue\r\n"),
            ("Content-Length: 2\r\n", "Content-Length: 2\r\nConnection: close\r\n"),
            (
                "Content-Length: 2\r\n",
                "Content-Length: 2\r\nConnection: upgrade\r\nUpgrade: h2c\r\n"
            ),
            ("Content-Length: 2\r\n", "Content-Length: 2\r\nno colon\r\n"),
            ("Content-Length: 2\r\n", "Content-Length: 2\r\nX: a\rb\r\n"),
            ("Content-Length: 2\r\n", "Content-Length: 2\r\nX: a\nb\r\n"),
            ("Content-Length: 2\r\n", "Content-Length: 2\r\nX: a\u{0}b\r\n"),
            ("Content-Length: 2\r\n", "Content-Length: 2\r\nX: \u{e9}\r\n"),
            ("Bearer x\r\n", "Bearer x\r\nAuthorization: Bearer y\r\n"),
            ("{}", "{}POST /rollouts/analysis HTTP/1.1\r\n"), ("{}", "{"), ("\r\n\r\n{}", "\r\n"),
        ])
    func unclear(part: String, instead: String) throws {
        let place = try #require(Self.plain.range(of: part))
        #expect(read(Self.plain.replacingCharacters(in: place, with: instead)) == nil)
    }

    @Test("no prefix of a request is one")
    func prefixes() {
        for length in 0..<Self.plain.utf8.count {
            #expect(read(String(decoding: Self.plain.utf8.prefix(length), as: UTF8.self)) == nil)
        }
    }
}

extension String {
    fileprivate func range(of part: String) -> Range<Index>? {
        indices.first { self[$0...].hasPrefix(part) }
            .map { $0..<index($0, offsetBy: part.count) }
    }

    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
