import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import Telemetry
import TestSupport
import Testing

@testable import Server

/// Slow, silent and malformed clients are disconnected, and the next valid request works.
@Suite struct SlowClientTests {
    /// One short timeout; the others are longer than any test.
    private func setup(_ change: (inout ServerLimits) -> Void) -> RunningServer.Setup {
        var setup = RunningServer.Setup()
        setup.limits.headerTimeout = .seconds(600)
        setup.limits.idleTimeout = .seconds(600)
        setup.limits.requestDeadline = .seconds(600)
        change(&setup.limits)
        return setup
    }

    /// A valid client may need another attempt when a timeout is short for a busy machine.
    private func expectServing(_ server: RunningServer) async throws {
        for http2 in [false, true] {
            try await eventually("a good request works") {
                try await Curl(server, http2: http2).get("/livez").status == 200
            }
        }
    }

    @Test(arguments: [nil, "http/1.1", "h2"])
    func whoSaysNothingIsSentAway(alpn: String?) async throws {
        let server = try await RunningServer(setup { $0.headerTimeout = .milliseconds(300) })
        let client = try await RawClient.connect(server, alpn: alpn)
        try await client.closed()
        let cut = server.telemetry.registry.value(
            "bellwether_connections_cut_total", labels: [("cause", "header")])
        #expect((cut ?? 0) >= 1)
        try await expectServing(server)
    }

    @Test func aHeaderThatNeverEndsIsSentAwayHoweverItDrips() async throws {
        let server = try await RunningServer(setup { $0.headerTimeout = .milliseconds(500) })
        let client = try await RawClient.connect(server)
        // On a busy machine even the handshake may be late: the client is disconnected anyway.
        try? await client.send("GET /livez HTTP/1.1\r\nHost: a\r\n")
        let drip = Task {
            while !Task.isCancelled {
                try await client.send("X-A: b\r\n")
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        try await client.closed()
        drip.cancel()
        try await expectServing(server)
    }

    @Test func anIdleConnectionIsClosed() async throws {
        let server = try await RunningServer(setup { $0.idleTimeout = .milliseconds(300) })
        let client = try await RawClient.connect(server)
        try await client.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        try await client.receives(#""status":"pass""#)
        // The next header arrives slowly: the connection is still idle, because no request is
        // complete.
        try? await client.send("GET /livez HTTP/1.1\r\n")
        try await client.closed()
        #expect(client.text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        let idle = server.telemetry.registry.value(
            "bellwether_connections_cut_total", labels: [("cause", "idle")])
        #expect((idle ?? 0) >= 1)
        try await expectServing(server)
    }

    @Test func aBodyThatDripsGets408() async throws {
        let server = try await RunningServer(setup { $0.requestDeadline = .milliseconds(500) })
        let token = try await server.token(.analysis)
        let client = try await RawClient.connect(server)
        try await client.send(
            """
            POST /rollouts/analysis HTTP/1.1\r
            Host: a\r
            Authorization: Bearer \(token)\r
            Content-Type: application/json\r
            Content-Length: 60000\r
            \r

            """)
        let drip = Task {
            while !Task.isCancelled {
                try await client.send(" ")
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        try await client.closed()
        drip.cancel()
        #expect(client.text.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        #expect(client.text.lowercased().contains("connection: close"))
        #expect(client.text.contains(#""reason":"body_too_slow""#))
        #expect(server.refusals.all.map(\.status) == [408])
        try await expectServing(server)
    }

    @Test func aBodyThatDripsGets408OnHTTP2() async throws {
        let server = try await RunningServer(setup { $0.requestDeadline = .milliseconds(500) })
        let token = try await server.token(.analysis)
        let client = try await RawClient.connect(server, alpn: "h2")
        try await client.send(
            HTTP2Frames.preface
                + HTTP2Frames.headers(
                    stream: 1,
                    [
                        (":method", "POST"), (":scheme", "https"), (":authority", "a"),
                        (":path", "/rollouts/analysis"), ("authorization", "Bearer \(token)"),
                        ("content-type", "application/json"),
                    ])
                + HTTP2Frames.data(stream: 1, [0x7B]))
        try await client.receives(#""reason":"body_too_slow""#)
        // The stream has ended, the connection has not.
        try await client.send(
            HTTP2Frames.headers(
                stream: 3, ends: true,
                [
                    (":method", "GET"), (":scheme", "https"), (":authority", "a"),
                    (":path", "/livez"),
                ]))
        try await client.receives(#""status":"pass""#)
        #expect(server.refusals.all.map(\.status) == [408])
    }

    @Test func aStrangersSlowBodyDoesNotHoldTheRefusalBeyondTheDeadline() async throws {
        let server = try await RunningServer(setup { $0.requestDeadline = .milliseconds(300) })
        let client = try await RawClient.connect(server)
        try await client.send(
            """
            POST /rollouts/analysis HTTP/1.1\r
            Host: a\r
            Content-Length: 1000\r
            \r
            {"rollout":"pay
            """)
        try await client.closed()
        #expect(client.text.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
        #expect(server.refusals.all.first?.body == Array(#"{"rollout":"pay"#.utf8))
    }

    @Test func anAnswerThatIsNotReadIsGivenUp() async throws {
        let large = ByteBuffer(repeating: 0x20, count: 16 * 1024 * 1024)
        let server = try await RunningServer(
            setup {
                $0.requestDeadline = .milliseconds(300)
                // A client without a credential can hold a quarter of it.
                $0.memory = 128 << 20
            },
            routes: [
                Route(.get, "/large", access: .open) { _ in .bytes(large) },
                .health("/livez", checks: []),
            ])
        let client = try await RawClient.connect(server)
        try await client.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        try await client.receives(#""status":"pass""#)
        try await client.stopReading()
        try await client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        try await eventually("the server gives up on it") {
            server.telemetry.registry.value(
                "bellwether_connections_cut_total", labels: [("cause", "unread")]) == 1
        }
        try await server.stop()
    }

    @Test(arguments: [
        "NONSENSE\r\n\r\n", "GET /livez HTTP/1.1\r\nbad header\r\n\r\n", "\u{16}\u{3}\u{1}",
        "GET  HTTP/1.1\r\n\r\n", "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    ])
    func whatIsNotHTTPGetsAProblemDocument(request: String) async throws {
        let server = try await RunningServer(setup { _ in })
        let client = try await RawClient.connect(server)
        try await client.send(request)
        try await client.closed()
        #expect(client.text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(client.text.contains("application/problem+json"))
        #expect(client.text.contains(#""reason":"http_malformed""#))
        try await eventually("the refusal is reported") {
            server.refusals.all.map(\.reason) == ["http_malformed"]
        }
        try await expectServing(server)
    }

    @Test func brokenChunksAreABrokenBody() async throws {
        let server = try await RunningServer(setup { _ in })
        let token = try await server.token(.analysis)
        let client = try await RawClient.connect(server)
        try await client.send(
            """
            POST /rollouts/analysis HTTP/1.1\r
            Host: a\r
            Authorization: Bearer \(token)\r
            Content-Type: application/json\r
            Transfer-Encoding: chunked\r
            \r
            zz\r

            """)
        try await client.closed()
        #expect(client.text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(client.text.contains(#""reason":"transfer_malformed""#))
        // Two responses to one request would confuse intermediaries.
        #expect(client.text.components(of: "HTTP/1.1 ") == 1)
    }

    @Test func headersBeyondTheLimitAreRefused() async throws {
        let server = try await RunningServer(setup { $0.headerBytes = 4096 })
        let client = try await RawClient.connect(server)
        let long = String(repeating: "a", count: 8000)
        try await client.send("GET /livez HTTP/1.1\r\nHost: a\r\nX-Long: \(long)\r\n\r\n")
        try await client.closed()
        #expect(client.text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        try await expectServing(server)
    }

    @Test func pipelinedRequestsAreAnsweredInOrderAndEndWithTheFirstRefusal() async throws {
        let server = try await RunningServer(setup { _ in })
        let client = try await RawClient.connect(server)
        try await client.send(
            "GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /peer HTTP/1.1\r\nHost: a\r\n\r\n"
                + "GET /none HTTP/1.1\r\nHost: a\r\n\r\nGET /peer HTTP/1.1\r\nHost: a\r\n\r\n")
        try await client.closed()
        #expect(client.text.components(of: "HTTP/1.1 200 OK") == 2)
        #expect(client.text.components(of: "HTTP/1.1 404 Not Found") == 1)
        #expect(client.text.components(of: "HTTP/1.1 ") == 3)
    }
}

extension String {
    /// The number of occurrences of `part`.
    func components(of part: String) -> Int { components(separatedBy: part).count - 1 }
}
