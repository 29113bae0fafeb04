import HTTPTypes
import Hummingbird
import Synchronization
import Telemetry
import Testing

@testable import Serving

@Suite("The express lane")
struct ExpressLaneTests {
    /// A route that answers "ready" at once and "slow" the long way.
    private static func server(_ setup: RunningServer.Setup = .init()) async throws -> RunningServer
    {
        try await RunningServer(
            setup,
            routes: [
                Route(
                    .post, "/rollouts/analysis", access: .requires(.analysis),
                    ready: { question in
                        guard !question.body.elementsEqual("long".utf8) else { return nil }
                        return ReadyAnswer(
                            body: Array("ready ".utf8) + Array(question.body),
                            fields: .init([.contentType: "text/plain", .eTag: "\"1\""]))
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

    private static func request(
        _ body: String, token: String, host: String = "localhost", more: String = ""
    ) -> String {
        "POST /rollouts/analysis HTTP/1.1\r\nHost: \(host)\r\nAuthorization: Bearer \(token)\r\n"
            + "Content-Type: text/plain\r\n\(more)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test("answers at once, and in turn with what goes the long way, on one connection")
    func turns() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        let client = try await RawClient.connect(server)
        for (body, answer) in [("a", "ready a"), ("long", "slow long"), ("b", "ready b")] {
            try await client.send(Self.request(body, token: token))
            try await client.receives(answer)
        }
        // Two in one go are answered in order, by the full parser.
        try await client.send(
            Self.request("c", token: token) + Self.request("d", token: token))
        try await client.receives("slow d")
        #expect(client.text.contains("slow c"))
        // From then on the connection is the full parser's.
        try await client.send(Self.request("e", token: token))
        try await client.receives("slow e")
        try await client.close()
    }

    @Test("a request in pieces, a chunked one and one that closes go the long way")
    func pieces() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        let whole = Self.request("x", token: token)
        // A busy server may find both pieces at once, as one request: then again.
        var cameInPieces = false
        for _ in 0..<50 where !cameInPieces {
            let client = try await RawClient.connect(server)
            try await client.send(String(whole.dropLast(20)))
            try await client.send(String(whole.suffix(20)))
            try await client.receives(" x")
            cameInPieces = client.text.contains("slow x")
            #expect(cameInPieces || client.text.contains("ready x"))
        }
        #expect(cameInPieces)

        let chunked = try await RawClient.connect(server)
        try await chunked.send(
            "POST /rollouts/analysis HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n1\r\ny\r\n0\r\n\r\n")
        try await chunked.receives("slow y")

        let last = try await RawClient.connect(server)
        try await last.send(Self.request("z", token: token, more: "Connection: close\r\n"))
        try await last.receives("slow z")
        try await last.closed()
    }

    @Test("says what the long way says, field by field")
    func sameHeaders() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        func fields(_ body: String) async throws -> [String] {
            let client = try await RawClient.connect(server)
            try await client.send(Self.request(body, token: token))
            try await client.receives(body)
            let lines = client.text.split(separator: "\r\n", omittingEmptySubsequences: false)
            return lines.prefix { !$0.isEmpty }.dropFirst()
                .map { $0.split(separator: ":")[0].lowercased() }.sorted()
        }
        #expect(try await fields("quick") == (try await fields("long")))
    }

    @Test("no wrong, revoked or narrow credential, no foreign name passes it")
    func refused() async throws {
        let server = try await Self.server(.init(hosts: ["bellwether.test"]))
        let good = try await server.token(.analysis)
        let narrow = try await server.token(.read)
        func status(_ token: String, host: String = "bellwether.test") async throws -> String {
            let client = try await RawClient.connect(server)
            try await client.send(Self.request("a", token: token, host: host))
            try await client.receives("\r\n\r\n")
            return String(client.text.dropFirst(9).prefix(3))
        }
        #expect(try await status(good) == "200")
        #expect(try await status("bw_wrong") == "401")
        #expect(try await status(narrow) == "403")
        #expect(try await status(good, host: "elsewhere") == "421")
        let record = try #require(try await server.tokens.list().first { $0.scopes == [.analysis] })
        try await server.tokens.revoke(record.id)
        #expect(try await status(good) == "401")
    }

    @Test(
        "leaves a host that is none to the gate, which refuses it",
        arguments: ["a b", "u@a", "a,b", "a:b", "[x]"])
    func hosts(host: String) async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        let client = try await RawClient.connect(server)
        try await client.send(Self.request("a", token: token, host: host))
        try await client.receives(#""reason":"host_malformed""#)
        #expect(client.text.hasPrefix("HTTP/1.1 400 "))
    }

    @Test("is closed while the node drains")
    func draining() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        let client = try await RawClient.connect(server)
        try await client.send(Self.request("a", token: token))
        try await client.receives("ready a")
        server.server.drain()
        try await client.send(Self.request("b", token: token))
        try await client.receives("503")
        try await client.closed()
    }

    @Test("counts its answers like every other")
    func counted() async throws {
        let server = try await Self.server()
        let token = try await server.token(.analysis)
        let client = try await RawClient.connect(server)
        for body in ["a", "long"] {
            try await client.send(Self.request(body, token: token))
            try await client.receives(body)
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
