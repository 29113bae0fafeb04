import TestSupport
import Testing

@testable import Server

/// RFC 9112 §3.2: exactly one valid Host that matches the target; otherwise 400.
@Suite("The host of a request")
struct HostTests {
    static let refused: [(head: String, reason: String)] = [
        ("GET /livez HTTP/1.1", "host_missing"),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b", "host_ambiguous"),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nHost: a", "host_ambiguous"),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nhOST: b", "host_ambiguous"),
        ("GET /livez HTTP/1.0\r\nHost: a\r\nHost: b", "host_ambiguous"),
        ("GET https://other/livez HTTP/1.1\r\nHost: a", "host_ambiguous"),
        ("GET HTTPS://other:1/livez HTTP/1.1\r\nHost: other", "host_ambiguous"),
        ("GET https://other/livez HTTP/1.1", "host_missing"),
        ("GET https://a@a/livez HTTP/1.1\r\nHost: a", "host_ambiguous"),
        ("GET http://a/livez HTTP/1.1\r\nHost: a", "target_malformed"),
        ("GET ftp://a/livez HTTP/1.1\r\nHost: a", "target_malformed"),
        ("GET a:443 HTTP/1.1\r\nHost: a", "http_malformed"),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443", "target_malformed"),
        ("OPTIONS * HTTP/1.1\r\nHost: a", "target_malformed"),
        ("GET /livez HTTP/1.1\r\nHost:", "host_malformed"),
        ("GET /livez HTTP/1.1\r\nHost: a b", "host_malformed"),
        ("GET /livez HTTP/1.1\r\nHost: a,b", "host_malformed"),
        ("GET /livez HTTP/1.1\r\nHost: a/b", "host_malformed"),
        ("GET /livez HTTP/1.1\r\nHost: u@a", "host_malformed"),
        ("GET /livez HTTP/1.1\r\nHost: https://a", "host_malformed"),
        ("GET /livez HTTP/1.1\r\nHost: a:b", "host_malformed"),
        ("GET /livez HTTP/1.1\r\nHost: a:99999", "host_malformed"),
        ("GET /livez HTTP/1.1\r\nHost: a:1:2", "host_malformed"),
        ("GET /livez HTTP/1.1\r\nHost: [::1", "host_malformed"),
        ("GET /livez HTTP/1.1\r\nHost: [x]", "host_malformed"),
        ("GET /livez HTTP/1.1\r\nHost: \u{e4}", "host_malformed"),
    ]

    @Test("is refused with 400 unless there is exactly one valid host")
    func refusals() async throws {
        let server = try await RunningServer()
        for (head, reason) in Self.refused {
            let client = try await RawClient.connect(server)
            try await client.send(head + "\r\n\r\n")
            try await eventually("an answer to \(head)") { client.text.contains("\r\n\r\n") }
            #expect(client.text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"), "\(head)")
            #expect(client.text.contains(#""reason":"\#(reason)""#), "\(head): \(client.text)")
        }
    }

    @Test(
        "is accepted in every valid form",
        arguments: [
            "GET /livez HTTP/1.1\r\nHost: a", "GET /livez HTTP/1.1\r\nHost: A.example:8443",
            "GET /livez HTTP/1.1\r\nHost: a.", "GET /livez HTTP/1.1\r\nHost: 127.0.0.1:1",
            "GET /livez HTTP/1.1\r\nHost: [::1]:8443", "GET /livez HTTP/1.1\r\nHost: [fe80::1]",
            "GET https://a/livez HTTP/1.1\r\nHost: a",
            "GET HTTPS://A:8443/livez HTTP/1.1\r\nHost: a:8443",
            "GET /livez HTTP/1.1\r\nHost: under_score", "GET /livez HTTP/1.0",
        ])
    func taken(head: String) async throws {
        let server = try await RunningServer()
        let client = try await RawClient.connect(server)
        try await client.send(head + "\r\n\r\n")
        try await client.receives(#""status":"pass""#)
        #expect(client.text.hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    static let http2: [(authority: [String], host: [String], answer: String)] = [
        (["a"], [], #""status":"pass""#),
        (["a"], ["A"], #""status":"pass""#),
        ([], ["a"], #""status":"pass""#),
        (["a"], ["b"], #""reason":"host_ambiguous""#),
        (["a"], ["a", "b"], #""reason":"host_ambiguous""#),
        ([], ["a", "b"], #""reason":"host_ambiguous""#),
        ([], [], #""reason":"host_missing""#),
        (["u@a"], [], #""reason":"host_malformed""#),
        ([""], [], #""reason":"host_malformed""#),
    ]

    @Test("on HTTP/2 :authority and host must be the same")
    func overHTTP2() async throws {
        let server = try await RunningServer()
        for (authority, host, answer) in Self.http2 {
            let client = try await RawClient.connect(server, alpn: "h2")
            try await client.send(
                HTTP2Frames.preface
                    + HTTP2Frames.headers(
                        stream: 1, ends: true,
                        [(":method", "GET"), (":scheme", "https"), (":path", "/livez")]
                            + authority.map { (":authority", $0) } + host.map { ("host", $0) }))
            try await eventually("\(authority) \(host): \(answer)") {
                client.text.contains(answer) || !client.isOpen
            }
            #expect(client.text.contains(answer), "\(authority) \(host): \(client.text)")
        }
    }

    @Test("the served names apply to absolute targets too")
    func restricted() async throws {
        var setup = RunningServer.Setup()
        setup.hosts = ["bellwether.test"]
        let server = try await RunningServer(setup)
        for (head, status) in [
            ("GET https://bellwether.test/peer HTTP/1.1\r\nHost: bellwether.test", "200"),
            ("GET https://other/peer HTTP/1.1\r\nHost: other", "421"),
            ("GET https://other/peer HTTP/1.1\r\nHost: bellwether.test", "400"),
            ("GET https://other/livez HTTP/1.1\r\nHost: bellwether.test", "400"),
            ("GET /peer HTTP/1.0", "421"), ("GET /livez HTTP/1.0", "200"),
        ] {
            let client = try await RawClient.connect(server)
            try await client.send(head + "\r\n\r\n")
            try await client.receives("HTTP/1.1 \(status) ")
        }
    }
}
