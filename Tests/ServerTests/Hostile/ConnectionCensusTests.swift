import HTTPTypes
import HummingbirdCore
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Server

/// Which connection is closed when there are too many.
@Suite("Too many connections")
struct ConnectionCensusTests {
    private static func setup(
        connections: Int, perPeer: Int? = nil
    ) -> RunningServer.Setup {
        var setup = RunningServer.Setup()
        setup.limits = ServerLimits(
            connections: connections, connectionsPerPeer: perPeer, headerTimeout: .seconds(600),
            idleTimeout: .seconds(600), requestDeadline: .seconds(600))
        return setup
    }

    private func ask(_ client: RawClient, token: String? = nil) async throws {
        let credential = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        let path = token == nil ? "/peer" : "/rollouts/analysis"
        let before = client.text.components(of: "HTTP/1.1 200 OK")
        try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\(credential)\r\n")
        try await eventually("an answer") {
            client.text.components(of: "HTTP/1.1 200 OK") == before + 1
        }
    }

    private func displaced(_ server: RunningServer) -> Double? {
        server.telemetry.registry.value(
            "bellwether_connections_cut_total", labels: [("cause", "displaced")])
    }

    @Test("the oldest idle connection is closed for a new one")
    func oldest() async throws {
        let server = try await RunningServer(Self.setup(connections: 2))
        let first = try await RawClient.connect(server)
        try await ask(first)
        let second = try await RawClient.connect(server)
        try await ask(second)
        let third = try await RawClient.connect(server)
        try await ask(third)
        try await first.closed()
        try await ask(second)
        #expect(displaced(server) == 1)
    }

    @Test("connections without a credential are closed first, whatever their age")
    func known() async throws {
        let server = try await RunningServer(Self.setup(connections: 3))
        let token = try await server.token(.analysis)
        let known = try await RawClient.connect(server)
        try await ask(known, token: token)
        var silent: [RawClient] = []
        for _ in 0..<10 { silent.append(try await RawClient.connect(server, alpn: nil)) }
        let honest = try await RawClient.connect(server)
        try await ask(honest)
        try await ask(known, token: token)
        #expect((displaced(server) ?? 0) >= 8)
        // A client learns of it a moment later.
        let others = silent
        try await eventually("eight are closed") { others.count { $0.isOpen } <= 2 }
    }

    @Test("if all serve requests with a credential, a new connection waits")
    func waits() async throws {
        let began = Promise<Void>()
        let released = Promise<Void>()
        let wait = Route(.get, "/wait", access: .requires(.analysis)) { _ in
            began.fulfil(())
            await released.value
            return .bytes(Array("done".utf8))
        }
        let server = try await RunningServer(
            Self.setup(connections: 1), routes: [wait, .health("/livez", checks: [])])
        let token = try await server.token(.analysis)
        let busy = try await RawClient.connect(server)
        try await busy.send(
            "GET /wait HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n\r\n")
        await began.value
        let next = try await RawClient.connect(server)
        let asked = Task {
            try await next.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            try await next.receives(#""status":"pass""#)
        }
        #expect(next.received.isEmpty)
        released.fulfil(())
        try await busy.receives("done")
        try await asked.value
    }

    @Test("a peer at its own limit only displaces its own connections")
    func perPeer() throws {
        let registry = Telemetry.silent
        let census = ConnectionCensus(
            limits: ServerLimits(connections: 10, connectionsPerPeer: 2), telemetry: registry)
        let ended = Ended()
        func admit(_ name: String, _ peer: String) -> Bool {
            census.admit(ConnectionCensus.Entry(peerGroup: peer)) { ended.add(name) }
        }
        #expect(admit("a1", "a"))
        #expect(admit("b1", "b"))
        #expect(admit("b2", "b"))
        #expect(admit("b3", "b"))
        #expect(ended.names == ["b1"])
        // All serve requests of an authenticated client: the new connection is refused.
        let busy = ConnectionCensus.Entry(peerGroup: "c")
        let other = ConnectionCensus.Entry(peerGroup: "c")
        for entry in [busy, other] {
            entry.markKnown()
            #expect(census.admit(entry) { ended.add("c") })
            census.becameBusy(entry)
        }
        #expect(!admit("c3", "c"))
        census.becameIdle(other)
        #expect(admit("c4", "c"))
        #expect(ended.names == ["b1", "c"])
    }

    @Test("the peer with most connections loses one first")
    func crowd() {
        let census = ConnectionCensus(
            limits: ServerLimits(connections: 4), telemetry: .silent)
        let ended = Ended()
        for (name, peer) in [
            ("one", "quiet"), ("two", "loud"), ("three", "loud"), ("four", "loud"),
            ("five", "new"),
        ] {
            #expect(census.admit(ConnectionCensus.Entry(peerGroup: peer)) { ended.add(name) })
        }
        #expect(ended.names == ["two"])
    }

    /// The connections that were closed, in order.
    private final class Ended: Sendable {
        private let state = Mutex<[String]>([])
        func add(_ name: String) { state.withLock { $0.append(name) } }
        var names: [String] { state.withLock { $0 } }
    }
}
