import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Server

/// What a shutdown waits for: answers under way, not clients that only hold their connection.
@Suite("Connections at a shutdown")
struct DrainTests {
    /// A server whose drain deadline is longer than any test.
    private static func server(_ routes: [Route] = []) async throws -> RunningServer {
        var setup = RunningServer.Setup()
        setup.limits.drainDeadline = .seconds(600)
        setup.limits.idleTimeout = .seconds(600)
        setup.limits.requestDeadline = .seconds(600)
        // A stranger may hold a quarter of it.
        setup.limits.memory = 128 << 20
        return try await RunningServer(
            setup, routes: RunningServer.routes(Telemetry.silent.registry) + routes)
    }

    private static func request(_ path: String, stream: UInt32) -> [UInt8] {
        HTTP2Frames.headers(
            stream: stream, ends: true,
            [(":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", path)])
    }

    /// A client that had an answer and reads nothing since.
    private static func silent(
        _ server: RunningServer, alpn: String, receiveBuffer: Int? = nil
    ) async throws -> RawClient {
        let client = try await RawClient.connect(
            server, alpn: alpn, receiveBuffer: receiveBuffer)
        if alpn == "h2" {
            try await client.send(HTTP2Frames.preface + request("/peer", stream: 1))
        } else {
            try await client.send("GET /peer HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        try await client.receives("127.0.0.1")
        try await client.stopReading()
        return client
    }

    /// A shutdown under way.
    private final class Stop: Sendable {
        private let isDone = Atomic(false)

        init(_ server: RunningServer) {
            Task {
                try await server.stop()
                isDone.store(true, ordering: .releasing)
            }
        }

        var hasEnded: Bool { isDone.load(ordering: .acquiring) }

        func ends() async throws {
            try await eventually("the server has stopped", within: .seconds(30)) { self.hasEnded }
        }
    }

    private func drained(_ server: RunningServer) -> Double? {
        server.telemetry.registry.value(
            "bellwether_connections_cut_total", labels: [("cause", "drained")])
    }

    @Test(
        "an idle client that does not read holds nothing up", arguments: ["h2", "http/1.1"],
        [1, 3])
    func idle(alpn: String, count: Int) async throws {
        let server = try await Self.server()
        var clients: [RawClient] = []
        for _ in 0..<count { clients.append(try await Self.silent(server, alpn: alpn)) }
        let stop = Stop(server)
        try await stop.ends()
        withExtendedLifetime(clients) {}
    }

    @Test("an answer under way is waited for beyond the idle ones", arguments: [false, true])
    func underWay(http2: Bool) async throws {
        let (began, released) = (Promise<Void>(), Promise<Void>())
        let server = try await Self.server([
            Route(.get, "/wait", access: .open) { _ in
                began.fulfil(())
                await released.value
                return .bytes(Array("done".utf8))
            }
        ])
        let busy = Curl(server, http2: http2)
        async let reply = busy.get("/wait")
        await began.value
        let idle = try await Self.silent(server, alpn: "h2")
        let stop = Stop(server)
        try await eventually("the idle one is closed") { drained(server) == 1 }
        #expect(!stop.hasEnded)
        released.fulfil(())
        #expect(try await reply.text == "done")
        try await stop.ends()
        withExtendedLifetime(idle) {}
    }

    @Test("so is an answer that the client's window holds back")
    func heldBack() async throws {
        let server = try await Self.server()
        let slow = try await RawClient.connect(server, alpn: "h2")
        try await slow.send(
            HTTP2Frames.preface(initialWindow: 0) + Self.request("/peer", stream: 1))
        try await eventually("the answer's header") {
            HTTP2Frames.count(type: 1, in: slow.received) == 1
        }
        let idle = try await Self.silent(server, alpn: "h2")
        let stop = Stop(server)
        try await eventually("the idle one is closed") { drained(server) == 1 }
        #expect(slow.isOpen)
        // WINDOW_UPDATE of 100 bytes.
        try await slow.send(HTTP2Frames.frame(type: 8, flags: 0, stream: 1, [0, 0, 0, 100]))
        try await slow.receives("127.0.0.1")
        try await stop.ends()
        withExtendedLifetime(idle) {}
    }

    @Test("so is one of HTTP/1.1 that the client reads late")
    func readLate() async throws {
        // More than the system holds for a client that takes in 64 KiB.
        let bytes = 8 << 20
        let server = try await Self.server([
            Route(.get, "/large", access: .open) { _ in
                .bytes(ByteBuffer(repeating: 0x61, count: bytes))
            }
        ])
        let late = try await Self.silent(server, alpn: "http/1.1", receiveBuffer: 64 << 10)
        try await late.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        let before = late.receivedCount
        let idle = try await Self.silent(server, alpn: "http/1.1")
        try await eventually("the large answer is under way") {
            server.telemetry.registry.exposition().contains(
                #"bellwether_http_requests_total{route="/large",status="200"} 1"#)
        }
        let stop = Stop(server)
        try await eventually("the idle one is closed") { !idle.isOpen || drained(server) == 1 }
        try await late.startReading()
        try await eventually("all of it") { late.receivedCount > before + bytes }
        try await stop.ends()
    }
}
