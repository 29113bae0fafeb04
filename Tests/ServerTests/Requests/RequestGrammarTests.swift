import Foundation
import TestSupport
import Testing

@testable import Server

/// Ambiguous requests are refused or parsed as RFC 9112 requires, so that no two servers interpret
/// them differently (§11.2).
@Suite("Requests that HTTP/1.1 forbids")
struct RequestGrammarTests {
    static func plain(_ token: String) -> String {
        "POST /rollouts/analysis HTTP/1.1\r\nHost: a:8443\r\nContent-Type: application/json\r\n"
            + "Authorization: Bearer \(token)\r\nContent-Length: 2\r\n\r\n{}"
    }

    /// A part of the plain request, its replacement, and the statuses of the responses.
    static let cases: [(part: String, instead: String, statuses: [Int])] = [
        ("", "", [200]),
        ("Host: a", "HOST:a", [200]), ("Content-Length: 2", "content-length:2", [200]),
        ("Content-Length: 2\r\n", "Content-Length: 2\r\nX-Other: 1\r\n", [200]),
        ("POST", "post", [400]),
        // §3 permits this: a recipient may split the request line at white space.
        ("POST ", "POST  ", [200]),
        ("HTTP/1.1", "HTTP/1.1 ", [400]), ("HTTP/1.1", "HTTP/3.1", [400]),
        ("HTTP/1.1", "http/1.1", [400]),
        ("Host: a", "Host : a", [400]), ("Host: a", " Host: a", [400]),
        ("Length: 2", "Length: +2", [400]), ("Length: 2", "Length: -2", [400]),
        ("Length: 2", "Length: 2, 2", [400]), ("Length: 2", "Length: 0x2", [400]),
        ("Length: 2", "Length: ", [400]), ("Length: 2", "Length: 2 2", [400]),
        ("Length: 2", "Length: 99999999999999999999", [400]),
        ("Content-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 3\r\n", [400]),
        ("Content-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 2\r\n", [400]),
        ("Content-Length: 2\r\n", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", [400]),
        ("Content-Length: 2\r\n", "Transfer-Encoding: chunked, identity\r\n", [400]),
        ("Content-Length: 2\r\n", "Content-Length: 2\r\n folded\r\n", [400]),
        ("Content-Length: 2\r\n", "Content-Length: 2\r\nno colon\r\n", [400]),
        ("Content-Length: 2\r\n", "Content-Length: 2\r\nX: a\rb\r\n", [400]),
        ("Content-Length: 2\r\n", "Content-Length: 2\r\nX: a\u{0}b\r\n", [400]),
        ("Content-Length: 2\r\n", "Content-Length: 2\r\nX\u{e9}: a\r\n", [400]),
        ("Content-Length: 2\r\n", "Content-Length: 2\r\n: a\r\n", [400]),
        // Without a length there is no body: the rest is not a request.
        ("Content-Length: 2\r\n", "", [200, 400]),
        ("Length: 2", "Length: 1", [200, 400]),
        ("{}", "{}POST /rollouts/analysis HTTP/1.1\r\n\r\n", [200, 400]),
    ]

    @Test("are refused, and unusual but valid ones are served", arguments: cases)
    func refused(part: String, instead: String, statuses: [Int]) async throws {
        let server = try await RunningServer()
        let token = try await server.token(.analysis)
        var request = Self.plain(token)
        if !part.isEmpty {
            let place = try #require(request.range(of: part))
            request.replaceSubrange(place, with: instead)
        }
        let client = try await RawClient.connect(server)
        try await client.send(request)
        // The server may have closed the connection by now.
        try? await client.finish()
        try await client.closed()
        let answers = client.text.components(separatedBy: "HTTP/1.1 ").dropFirst()
            .compactMap { Int($0.prefix(3)) }
        #expect(answers == statuses, "\(client.text)")
    }

    @Test("no prefix of a request is a request")
    func beginnings() async throws {
        let server = try await RunningServer()
        let token = try await server.token(.analysis)
        let whole = Self.plain(token)
        for length in stride(from: 1, to: whole.utf8.count, by: 7) {
            let client = try await RawClient.connect(server)
            try await client.send(Array(whole.utf8.prefix(length)))
            try? await client.finish()
            try await client.closed()
            #expect(!client.text.contains("200 OK"), "\(length)")
        }
    }
}
