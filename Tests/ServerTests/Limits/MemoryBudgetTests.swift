import HTTPTypes
import HummingbirdCore
import JSON
import NIOCore
import Telemetry
import TestSupport
import Testing

@testable import Server

@Suite("Memory for callers")
struct MemoryBudgetTests {
    private static let mebibyte = 1 << 20

    @Test("lower tiers are refused earlier, so that memory remains for measurements")
    func tiers() throws {
        let budget = MemoryBudget(limit: 8 * Self.mebibyte)
        func reserve(_ tier: MemoryBudget.Tier, _ bytes: Int) -> MemoryReservation? {
            budget.reserve(bytes, for: .bodies, by: MemoryBudget.Account(tier: tier))
        }
        let stranger = reserve(.stranger, 2 * Self.mebibyte)
        #expect(stranger != nil)
        #expect(reserve(.stranger, 1) == nil)
        let reader = reserve(.reader, 2 * Self.mebibyte)
        #expect(reader != nil)
        #expect(reserve(.reader, 1) == nil)
        #expect(!budget.admits(MemoryBudget.Account(tier: .reader)))
        let sender = reserve(.sender, 2 * Self.mebibyte)
        #expect(sender != nil)
        #expect(reserve(.sender, 1) == nil)
        let measurement = try #require(reserve(.measurement, 2 * Self.mebibyte))
        #expect(!measurement.grow(by: 1))
        #expect(budget.used == 8 * Self.mebibyte)
        withExtendedLifetime((stranger, reader, sender)) {}
    }

    @Test("a released reservation returns its bytes, including those it grew by")
    func givenBack() throws {
        let budget = MemoryBudget(limit: 8 * Self.mebibyte)
        do {
            let reservation = try #require(
                budget.reserve(
                    100, for: .queries, by: MemoryBudget.Account(tier: .reader, owner: "a")))
            #expect(reservation.grow(by: 1000))
            #expect(budget.used == 1100)
        }
        #expect(budget.used == 0)
    }

    @Test("one credential gets half of its tier's share, another still gets the rest")
    func owners() throws {
        let budget = MemoryBudget(limit: 8 * Self.mebibyte)
        func reserve(_ owner: String, _ bytes: Int) -> MemoryReservation? {
            budget.reserve(
                bytes, for: .answers, by: MemoryBudget.Account(tier: .reader, owner: owner))
        }
        let first = try #require(reserve("a", 2 * Self.mebibyte))
        #expect(reserve("a", 1) == nil)
        #expect(!first.grow(by: 1))
        let second = reserve("b", 2 * Self.mebibyte)
        #expect(second != nil)
        withExtendedLifetime((first, second)) {}
    }

    @Test("held memory can exceed the limit by half")
    func held() {
        let budget = MemoryBudget(limit: 2 * Self.mebibyte)
        #expect(budget.hold(3 * Self.mebibyte, for: .exchanges))
        #expect(!budget.hold(1, for: .exchanges))
        budget.release(1, for: .exchanges)
        #expect(budget.hold(1, for: .exchanges))
    }

    @Test("/metrics shows the limit, the use and the refusals")
    func metrics() {
        let registry = PrometheusRegistry()
        let budget = MemoryBudget(limit: 4 * Self.mebibyte)
        budget.show(in: registry)
        let kept = budget.reserve(
            1000, for: .bodies, by: MemoryBudget.Account(tier: .sender, owner: "a"))
        _ = budget.reserve(
            8 * Self.mebibyte, for: .bodies, by: MemoryBudget.Account(tier: .sender, owner: "a"))
        let text = registry.exposition()
        #expect(text.contains("bellwether_memory_limit_bytes 4194304\n"))
        #expect(text.contains("bellwether_memory_used_bytes{use=\"bodies\"} 1000\n"))
        #expect(text.contains("bellwether_memory_refusals_total{use=\"bodies\"} 1\n"))
        withExtendedLifetime(kept) {}
    }

    // MARK: - Through the server

    private func setup(_ change: (inout ServerLimits) -> Void) -> RunningServer.Setup {
        var setup = RunningServer.Setup()
        setup.limits.memory = 8 << 20
        setup.limits.requestDeadline = .seconds(600)
        change(&setup.limits)
        return setup
    }

    private static func head(_ path: String, _ token: String, length: Int) -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
            + "Content-Length: \(length)\r\n\r\n"
    }

    @Test("bodies that fill the memory are refused with 503; a measurement is still accepted")
    func bodies() async throws {
        let echo: Route.Handler = { exchange in
            .bytes(Array("\(try await exchange.collectBytes().count)".utf8))
        }
        let server = try await RunningServer(
            setup { _ in },
            routes: [
                Route(
                    .post, "/v1/events", access: .requires(.ingest), bodyLimit: 4 << 20,
                    inflates: true, tier: .sender, handler: echo),
                Route(
                    .post, "/rollouts/analysis", access: .requires(.analysis),
                    tier: .measurement, handler: echo),
            ])
        let tokens = [try await server.token(.ingest), try await server.token(.ingest)]
        // Each credential holds nearly half of the senders' share, in bodies that never end.
        var clients: [RawClient] = []
        for token in tokens {
            let client = try await RawClient.connect(server)
            try await client.send(Self.head("/v1/events", token, length: 4 << 20))
            try await client.send([UInt8](repeating: 0x20, count: (3 << 20) - (96 << 10)))
            clients.append(client)
        }
        try await eventually("the bodies are held") {
            (server.usedBytes(.bodies) ?? 0) >= Double(6 * (1 << 20) - (192 << 10))
        }
        let curl = Curl(server)
        let body = [UInt8](repeating: 0x20, count: 512 << 10)
        let refused = try await curl.post("/v1/events", token: tokens[0], body: body)
        #expect(refused.status == 503)
        #expect(refused.header("retry-after") != nil)
        #expect(refused.json?["reason"]?.string == "memory_spent")
        // As small on the wire as a measurement.
        let packed = GzipInflaterTests.gzip(body)
        let bomb = try await curl.post(
            "/v1/events", token: tokens[1], body: packed, "-H", "Content-Encoding: gzip")
        #expect(bomb.json?["reason"]?.string == "memory_spent")
        let measured = try await curl.post(
            "/rollouts/analysis", token: try await server.token(.analysis), text: "{}")
        #expect(measured.status == 200)

        for client in clients { try await client.close() }
        try await eventually("the memory is given back") { server.usedBytes(.bodies) == 0 }
        #expect(try await curl.post("/v1/events", token: tokens[0], body: body).status == 200)
    }

    @Test("a large response is counted until it is read, and refused if it does not fit")
    func answers() async throws {
        let large = ByteBuffer(repeating: 0x20, count: 1536 << 10)
        let server = try await RunningServer(
            setup { _ in },
            routes: [
                Route(.get, "/large", access: .open) { _ in .bytes(large) },
                .health("/livez", checks: []),
            ])
        let unread = try await RawClient.connect(server)
        try await unread.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        try await unread.receives(#""status":"pass""#)
        try await unread.stopReading()
        // Kernels buffer some megabytes per connection: requests follow until an answer waits.
        @Sendable func ask() async throws {
            guard server.usedBytes(.answers) == 0 else { return }
            for _ in 0..<4 {
                try await unread.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            }
        }
        let curl = Curl(server)
        try await eventually("another is refused") {
            try await ask()
            let refused = try await curl.get("/large")
            return refused.status == 503 && refused.json?["reason"]?.string == "memory_spent"
        }
        // The refusal may come before the first answer waits for its reader.
        try await eventually("one is counted") {
            try await ask()
            return server.usedBytes(.answers) == Double(1536 << 10)
        }
        #expect(try await curl.get("/livez").status == 200)
        try await unread.close()
        try await eventually("the memory is given back") { server.usedBytes(.answers) == 0 }
        let whole = try await curl.get("/large")
        #expect(whole.status == 200)
        #expect(whole.header("content-length") == "\(1536 << 10)")
        #expect(whole.body.count == 1536 << 10)
    }

    /// Sends requests on streams whose window is closed for the server.
    private func askWithShutWindows(
        _ server: RunningServer, _ paths: [String]
    ) async throws -> RawClient {
        let client = try await RawClient.connect(server, alpn: "h2")
        try await client.send(HTTP2Frames.preface(initialWindow: 0))
        let token = try await server.token(.read)
        for (place, path) in paths.enumerated() {
            try await client.send(
                HTTP2Frames.headers(
                    stream: UInt32(2 * place + 1), ends: true,
                    [
                        (":method", "GET"), (":scheme", "https"), (":authority", "a"),
                        (":path", path), ("authorization", "Bearer \(token)"),
                    ]))
        }
        return client
    }

    @Test("unread short responses on HTTP/2 streams count until the connection ends")
    func shortAnswers() async throws {
        let short = ByteBuffer(repeating: 0x20, count: 20 << 10)
        let server = try await RunningServer(
            setup { _ in },
            routes: [Route(.get, "/short", access: .open) { _ in .bytes(short) }])
        let client = try await askWithShutWindows(server, ["/short", "/short", "/short"])
        try await eventually("all are held") {
            (server.usedBytes(.exchanges) ?? 0) >= Double(3 * (20 << 10))
        }
        try await client.close()
        try await eventually("nothing is held") { server.usedBytes(.exchanges) == 0 }
    }

    @Test("an HTTP/2 stream whose window stays closed is cut as unread")
    func shutWindow() async throws {
        let part = ByteBuffer(repeating: 0x20, count: 20 << 10)
        let server = try await RunningServer(
            setup { $0.requestDeadline = .milliseconds(500) },
            routes: [
                Route(.get, "/stream", access: .requires(.read)) { exchange in
                    try exchange.beginStream(memory: 1000)
                    return Response(
                        status: .ok,
                        body: ResponseBody { writer in
                            while true { try await writer.write(part) }
                        })
                }
            ])
        let client = try await askWithShutWindows(server, ["/stream"])
        try await eventually("it is cut") {
            server.telemetry.registry.value(
                "bellwether_connections_cut_total", labels: [("cause", "unread")]) == 1
        }
        try await eventually("its place is free") { server.taken("streams") == 0 }
        try await client.close()
    }
}

extension RunningServer {
    func usedBytes(_ use: MemoryBudget.Use) -> Double? {
        _ = telemetry.registry.exposition()
        return telemetry.registry.value(
            "bellwether_memory_used_bytes", labels: [("use", use.rawValue)])
    }

    func taken(_ kind: String) -> Double? {
        _ = telemetry.registry.exposition()
        return telemetry.registry.value("bellwether_places_taken", labels: [("kind", kind)])
    }
}
