import TestSupport
import Testing

@testable import Server

/// RFC 9110 §10.1.1: the server sends 100 or a final status before the body.
@Suite("Expect: 100-continue")
struct ExpectationTests {
    /// Timeouts longer than any test: a test that waits for a body fails.
    private static func server(hosts: [String] = []) async throws -> RunningServer {
        var setup = RunningServer.Setup()
        setup.hosts = hosts
        setup.limits.headerTimeout = .seconds(600)
        setup.limits.idleTimeout = .seconds(600)
        setup.limits.requestDeadline = .seconds(600)
        setup.limits.lingerTimeout = .milliseconds(100)
        return try await RunningServer(setup)
    }

    private static func head(
        _ path: String, token: String?, version: String = "1.1", length: Int = 7,
        type: String = "application/json", expect: String = "100-continue", host: String = "a"
    ) -> String {
        "POST \(path) HTTP/\(version)\r\nHost: \(host)\r\n"
            + (token.map { "Authorization: Bearer \($0)\r\n" } ?? "")
            + "Content-Type: \(type)\r\nContent-Length: \(length)\r\nExpect: \(expect)\r\n\r\n"
    }

    @Test("100 comes before the body, the response after it, and the connection stays open")
    func proceeds() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis, .ingest)
        let client = try await RawClient.connect(server)
        for (path, answer) in [
            ("/rollouts/analysis", #"{"a":1}"#), ("/v1/events", #"{"a":2}"#),
            ("/rollouts/analysis", #"{"a":3}"#),
        ] {
            let before = client.text.components(of: "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send(Self.head(path, token: token, expect: "100-Continue"))
            try await eventually("100 Continue") {
                client.text.components(of: "HTTP/1.1 100 Continue\r\n\r\n") == before + 1
            }
            #expect(!client.text.contains(answer))
            try await client.send(answer)
            try await client.receives(answer)
        }
        #expect(client.text.components(of: "HTTP/1.1 200 OK\r\n") == 3)
        #expect(!client.text.contains("onnection: close"))
    }

    @Test("a chunked body is requested too")
    func chunked() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        let client = try await RawClient.connect(server)
        try await client.send(
            "POST /rollouts/analysis HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
                + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
                + "Expect: 100-continue\r\n\r\n")
        try await client.receives("HTTP/1.1 100 Continue\r\n\r\n")
        try await client.send("7\r\n{\"b\":1}\r\n0\r\n\r\n")
        try await client.receives(#"{"b":1}"#)
    }

    @Test("a refusal does not wait for the body, and ends the connection")
    func refusals() async throws {
        let server = try await Self.server(hosts: ["a"])
        let good = try await server.token(.analysis)
        let narrow = try await server.token(.read)
        let path = "/rollouts/analysis"
        for (head, status) in [
            (Self.head(path, token: nil), 401), (Self.head(path, token: "bw_wrong"), 401),
            (Self.head(path, token: narrow), 403),
            (Self.head("/nowhere", token: good), 404), (Self.head("/peer", token: good), 405),
            (Self.head(path, token: good, length: 10_000_000), 413),
            (Self.head(path, token: good, type: "text/plain"), 415),
            (Self.head(path, token: good, expect: "a-miracle"), 417),
            (Self.head(path, token: good, expect: "100-continue, a-miracle"), 417),
            (Self.head(path, token: good, expect: "100-continue=1"), 417),
            (Self.head(path, token: good, host: "b"), 421),
        ] {
            let client = try await RawClient.connect(server)
            try await client.send(head)
            try await client.receives(#""reason":"#)
            #expect(client.text.hasPrefix("HTTP/1.1 \(status) "), "\(head)")
            #expect(client.text.lowercased().contains("connection: close\r\n"), "\(head)")
            try await client.closed()
        }
        #expect(server.refusals.all.allSatisfy { $0.body.isEmpty })
    }

    @Test("a stranger's expectation is handled only after authentication")
    func order() async throws {
        let server = try await Self.server()
        let client = try await RawClient.connect(server)
        try await client.send(Self.head("/rollouts/analysis", token: nil, expect: "a-miracle"))
        try await client.receives(#""reason":"credential_missing""#)
    }

    @Test("no 100 is sent if no body follows")
    func noBody() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        let client = try await RawClient.connect(server)
        try await client.send(Self.head("/rollouts/analysis", token: token, length: 0))
        try await client.receives("Content-Length: 0\r\n")
        try await client.send("GET /peer HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n")
        try await client.receives("127.0.0.1")
        #expect(!client.text.contains("100 Continue"))
        #expect(client.text.components(of: "HTTP/1.1 200 OK\r\n") == 2)
        #expect(!client.text.contains("onnection: close"))
    }

    @Test("a handler that does not read a pending body ends the connection")
    func neverRead() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        let client = try await RawClient.connect(server)
        try await client.send(Self.head("/rollouts/analysis/latency", token: token))
        try await client.receives("latency")
        #expect(client.text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(client.text.lowercased().contains("connection: close\r\n"))
        try await client.closed()
    }

    @Test("HTTP/1.0 has no expectations")
    func http10() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        for expect in ["100-continue", "a-miracle"] {
            let client = try await RawClient.connect(server)
            try await client.send(
                Self.head("/rollouts/analysis", token: token, version: "1.0", expect: expect)
                    + #"{"a":1}"#)
            try await client.closed()
            #expect(client.text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test("on HTTP/2 100 precedes the body too, or a refusal replaces it")
    func http2() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        func head(_ stream: UInt32, _ expect: String) -> [UInt8] {
            HTTP2Frames.headers(
                stream: stream,
                [
                    (":method", "POST"), (":scheme", "https"), (":authority", "a"),
                    (":path", "/rollouts/analysis"), ("authorization", "Bearer \(token)"),
                    ("content-type", "application/json"), ("expect", expect),
                ])
        }
        let client = try await RawClient.connect(server, alpn: "h2")
        try await client.send(HTTP2Frames.preface + head(1, "100-continue"))
        // HEADERS frames (type 1): first of 100, then of the response.
        try await eventually("100") { HTTP2Frames.count(type: 1, in: client.received) == 1 }
        try await client.send(
            HTTP2Frames.frame(type: 0, flags: 1, stream: 1, Array(#"{"a":1}"#.utf8)))
        try await client.receives(#"{"a":1}"#)
        #expect(HTTP2Frames.count(type: 1, in: client.received) == 2)
        try await client.send(head(3, "a-miracle"))
        try await client.receives(#""reason":"expectation_unsupported""#)
        #expect(HTTP2Frames.count(type: 1, in: client.received) == 3)
        #expect(client.isOpen)
    }

    @Test("curl waits for 100 and then sends its body at once", arguments: [false, true])
    func curl(http2: Bool) async throws {
        let server = try await Self.server()
        let token = try await server.token(.ingest)
        let reply = try await Curl(server, http2: http2).get(
            "/v1/events", token: token, "-H", "Expect: 100-continue", "--expect100-timeout", "600",
            "-H", "Content-Type: application/json", "--data-binary", "body")
        #expect(reply.status == 200, "\(reply.complaint)")
        #expect(reply.text == "body")
    }
}
