import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import Telemetry
import TestSupport
import Testing

@testable import Server

@Suite("Immediate responses of a route")
struct ReadyAnswersTests {
    /// A route that responds "ready …" immediately, and "slow …" to bodies that begin with "long".
    static func server(_ setup: RunningServer.Setup = .init()) async throws -> RunningServer {
        try await RunningServer(
            setup,
            routes: [
                Route(
                    .post, "/rollouts/analysis", access: .requires(.analysis),
                    ready: { question in
                        guard !question.body.readableBytesView.starts(with: "long".utf8) else {
                            return nil
                        }
                        var body = ByteBuffer(string: "ready ")
                        body.writeImmutableBuffer(question.body)
                        return ReadyAnswer(
                            body: body, headers: [.contentType: "text/plain", .eTag: "\"1\""])
                    },
                    handler: { exchange in
                        let body = try await exchange.collectBody()
                        return .bytes(
                            Array("slow ".utf8) + Array(body.readableBytesView),
                            contentType: "text/plain", etag: "\"1\"")
                    }),
                .health("/livez", checks: []),
            ])
    }

    static func request(
        _ body: String, token: String, host: String = "localhost", more: String = ""
    ) -> String {
        "POST /rollouts/analysis HTTP/1.1\r\nHost: \(host)\r\nAuthorization: Bearer \(token)\r\n"
            + "Content-Type: text/plain\r\n\(more)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test("are sent at once, in order with the others of a connection")
    func turns() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        let client = try await RawClient.connect(server)
        for (body, answer) in [("a", "ready a"), ("long", "slow long"), ("b", "ready b")] {
            try await client.send(Self.request(body, token: token))
            try await client.receives(answer)
        }
        // All in one write: an immediate response waits for a slow one before it.
        try await client.send(
            ["c", "long d", "e", "f"].map { Self.request($0, token: token) }.joined())
        try await client.receives(" f")
        try await client.send(Self.request("g", token: token))
        try await client.receives("ready g")
        let answers = client.bodies
        #expect(
            answers.prefix(5) == ["ready a", "slow long", "ready b", "ready c", "slow long d"])
        #expect(answers.dropFirst(5).map { $0.suffix(2) } == [" e", " f", " g"])
    }

    @Test("work on HTTP/2")
    func http2() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        let curl = Curl(server, http2: true)
        for (body, answer) in [("a", "ready a"), ("long", "slow long"), ("", "ready ")] {
            let reply = try await curl.post("/rollouts/analysis", token: token, text: body)
            #expect(reply.version == "HTTP/2")
            #expect(reply.text == answer)
            #expect(reply.header("connection") == nil)
        }
        // Many streams of one connection, as Argo Rollouts opens.
        let client = try await RawClient.connect(server, alpn: "h2")
        try await client.send(HTTP2Frames.preface)
        for number in 0..<50 {
            let stream = UInt32(2 * number + 1)
            try await client.send(
                HTTP2Frames.headers(
                    stream: stream,
                    [
                        (":method", "POST"), (":scheme", "https"), (":authority", "a"),
                        (":path", "/rollouts/analysis"), ("authorization", "Bearer \(token)"),
                    ])
                    + HTTP2Frames.frame(
                        type: 0, flags: 1, stream: stream, Array("<\(number)>".utf8)))
        }
        for number in 0..<50 { try await client.receives("ready <\(number)>") }
    }

    @Test("also answer requests in pieces; long ones and ones that expect 100 are handled normally")
    func pieces() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        let client = try await RawClient.connect(server)
        for byte in Self.request("x1", token: token).utf8 { try await client.send([byte]) }
        try await client.receives("ready x1")
        // "ready " makes the response longer, and an immediate response has the same limit as a
        // body.
        let most = String(repeating: "y", count: ReadyAnswers.longestBody - 6)
        try await client.send(Self.request(most, token: token))
        try await client.receives("ready \(most)")
        try await client.send(Self.request(most + "yyyyyyy", token: token))
        try await client.receives("slow \(most)yyyyyyy")
        try await client.send(
            Self.request("z", token: token, more: "Expect: 100-continue\r\n"))
        try await client.receives("slow z")
    }

    @Test(
        "a body that does not arrive gets 408, as without them", arguments: [nil, "http/1.1", "h2"])
    func late(alpn: String?) async throws {
        var setup = RunningServer.Setup()
        setup.limits.requestDeadline = .milliseconds(300)
        let server = try await Self.server(setup)
        let token = try await server.token(.analysis)
        let client = try await RawClient.connect(server, alpn: alpn ?? "http/1.1")
        if alpn == "h2" {
            try await client.send(
                HTTP2Frames.preface
                    + HTTP2Frames.headers(
                        stream: 1,
                        [
                            (":method", "POST"), (":scheme", "https"), (":authority", "a"),
                            (":path", "/rollouts/analysis"), ("authorization", "Bearer \(token)"),
                        ]) + HTTP2Frames.data(stream: 1, [0x61]))
        } else {
            // With or without the start of the body.
            let whole = Self.request("abcdef", token: token)
            try await client.send(String(whole.dropLast(alpn == nil ? 6 : 3)))
        }
        try await client.receives(#""reason":"body_too_slow""#)
    }

    @Test("also answer chunked bodies, last requests and HTTP/1.0")
    func forms() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        let chunked = try await RawClient.connect(server)
        try await chunked.send(
            "POST /rollouts/analysis HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n1\r\ny\r\n2\r\nzz\r\n0\r\n\r\n")
        try await chunked.receives(" yzz")

        let last = try await RawClient.connect(server)
        try await last.send(Self.request("z", token: token, more: "Connection: close\r\n"))
        try await last.receives(" z")
        try await last.closed()

        let oldest = try await RawClient.connect(server)
        try await oldest.send(
            "POST /rollouts/analysis HTTP/1.0\r\nAuthorization: Bearer \(token)\r\n"
                + "Content-Length: 1\r\n\r\no")
        try await oldest.closed()
        #expect(oldest.text.hasSuffix(" o"))
    }

    @Test("have the same header fields as the others, value by value", arguments: [false, true])
    func sameHeaders(http2: Bool) async throws {
        var setup = RunningServer.Setup()
        setup.strictTransport = .seconds(60)
        let server = try await Self.server(setup)
        let token = try await server.token(.analysis)
        let curl = Curl(server, http2: http2)
        func fields(_ body: String) async throws -> [String] {
            try await curl.post("/rollouts/analysis", token: token, text: body).headers
                .map { $0.0 == "date" ? "date" : "\($0.0): \($0.1)" }.sorted()
        }
        let ready = try await fields("quick")
        #expect(ready.contains("strict-transport-security: max-age=60"))
        // "slow " is one byte shorter than "ready ".
        #expect(try await fields("longer") == ready)
    }

    @Test("are not sent to a caller that would be refused", arguments: [false, true])
    func refused(http2: Bool) async throws {
        var setup = RunningServer.Setup()
        setup.hosts = ["bellwether.test", "127.0.0.1"]
        let server = try await Self.server(setup)
        let good = try await server.token(.analysis)
        let narrow = try await server.token(.read)
        let curl = Curl(server, http2: http2)
        func status(_ token: String?, _ more: String...) async throws -> Int {
            var curl = curl
            curl.arguments += more
            return try await curl.post("/rollouts/analysis", token: token, text: "a").status
        }
        #expect(try await status(good) == 200)
        #expect(try await status(nil) == 401)
        #expect(try await status("bw_wrong") == 401)
        #expect(try await status(narrow) == 403)
        #expect(try await status(good, "-H", "Host: elsewhere") == 421)
        #expect(try await status(good, "-H", "Expect: a-miracle") == 417)
        #expect(try await status(good, "-H", "Content-Encoding: br") == 415)
        let record = try #require(try await server.tokens.list().first { $0.scopes == [.analysis] })
        try await server.tokens.revoke(record.id)
        #expect(try await status(good) == 401)
        server.server.drain()
        #expect(try await status(good) == 503)
    }

    @Test("a client that does not read them gets no more at once, and is disconnected")
    func unread() async throws {
        var setup = RunningServer.Setup()
        setup.limits.requestDeadline = .milliseconds(300)
        let server = try await Self.server(setup)
        let token = try await server.token(.analysis)
        let client = try await RawClient.connect(server)
        try await client.send(Self.request("a", token: token))
        try await client.receives("ready a")
        try await client.stopReading()
        let batch = String(
            repeating: Self.request(String(repeating: "b", count: 8000), token: token), count: 100)
        let flood = Task { while !Task.isCancelled { try await client.send(batch) } }
        try await eventually("it is cut") {
            server.telemetry.registry.value(
                "bellwether_connections_cut_total", labels: [("cause", "unread")]) == 1
        }
        flood.cancel()
        try await server.stop()
    }

    @Test("are counted like all others", arguments: [false, true])
    func counted(http2: Bool) async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        let curl = Curl(server, http2: http2)
        for body in ["a", "long"] {
            _ = try await curl.post("/rollouts/analysis", token: token, text: body)
        }
        let page = server.telemetry.registry.exposition()
        #expect(
            page.contains(
                #"bellwether_http_requests_total{route="/rollouts/analysis",status="200"} 2"#))
        #expect(
            page.contains(
                #"bellwether_http_request_duration_seconds_count{route="/rollouts/analysis"} 2"#))
    }
}

extension RawClient {
    /// The bodies of the responses with status 200 so far.
    fileprivate var bodies: [String] {
        text.components(separatedBy: "HTTP/1.1 200 OK\r\n").dropFirst().map { answer in
            answer.components(separatedBy: "\r\n\r\n").dropFirst().joined()
        }
    }
}
