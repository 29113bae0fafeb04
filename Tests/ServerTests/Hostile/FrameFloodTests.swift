import HTTPTypes
import HummingbirdCore
import NIOCore
import Telemetry
import TestSupport
import Testing

@testable import Server

/// HTTP/2 frames that cost their sender almost nothing.
@Suite("Floods of HTTP/2 frames")
struct FrameFloodTests {
    enum Flood: String, CaseIterable {
        case windowUpdate, ping, settings, priority, reset, emptyData, smallData, unknown, goAway

        /// The frames of one round; odd stream ids increase with the round.
        func frames(_ round: UInt32) -> [UInt8] {
            let stream = 2 * round + 1
            let request: [(String, String)] = [
                (":method", "POST"), (":scheme", "https"), (":authority", "a"),
                (":path", "/hold"),
            ]
            switch self {
            case .windowUpdate:
                return HTTP2Frames.frame(type: 8, flags: 0, stream: 0, [0, 0, 0, 1])
            case .ping:
                return HTTP2Frames.frame(
                    type: 6, flags: 0, stream: 0, [UInt8](repeating: 7, count: 8))
            case .settings: return HTTP2Frames.frame(type: 4, flags: 0, stream: 0, [])
            case .priority:
                return HTTP2Frames.frame(type: 2, flags: 0, stream: stream, [0, 0, 0, 0, 16])
            case .reset:
                return HTTP2Frames.headers(stream: stream, request)
                    + HTTP2Frames.frame(type: 3, flags: 0, stream: stream, [0, 0, 0, 8])
            case .emptyData:
                return (round == 0 ? HTTP2Frames.headers(stream: 1, request) : [])
                    + HTTP2Frames.data(stream: 1, [])
            case .smallData:
                return (round == 0 ? HTTP2Frames.headers(stream: 1, request) : [])
                    + HTTP2Frames.data(stream: 1, [0x20])
            case .unknown: return HTTP2Frames.frame(type: 0xfa, flags: 0, stream: 0, [])
            case .goAway:
                return HTTP2Frames.frame(
                    type: 7, flags: 0, stream: 0, [UInt8](repeating: 0, count: 8))
            }
        }
    }

    @Test("end the connection and are counted", arguments: Flood.allCases)
    func flood(_ flood: Flood) async throws {
        let hold = Route(.post, "/hold", access: .open, bodyLimit: 1 << 20) { exchange in
            .bytes(try await exchange.collectBytes())
        }
        let server = try await RunningServer(routes: [hold, .health("/livez", checks: [])])
        let client = try await RawClient.connect(server, alpn: "h2")
        var bytes = HTTP2Frames.preface
        for round in 0..<6000 { bytes += flood.frames(UInt32(round)) }
        try? await client.send(bytes)
        try await eventually("the connection is closed", within: .seconds(20)) { !client.isOpen }
        let cut = server.telemetry.registry.value(
            "bellwether_connections_cut_total", labels: [("cause", "frames")])
        #expect((cut ?? 0) >= 1)
        #expect(try await Curl(server, http2: true).get("/livez").status == 200)
    }

    @Test("are answered with ENHANCE_YOUR_CALM")
    func calm() async throws {
        let server = try await RunningServer()
        let client = try await RawClient.connect(server, alpn: "h2")
        var bytes = HTTP2Frames.preface
        for round in 0..<3000 { bytes += Flood.windowUpdate.frames(UInt32(round)) }
        try? await client.send(bytes)
        try await eventually("the connection is closed", within: .seconds(20)) { !client.isOpen }
        // A GOAWAY frame of eight bytes with the error code 0xb (RFC 9113 §7).
        let goAway: [UInt8] = [0, 0, 8, 7, 0, 0, 0, 0, 0]
        let at = client.received.firstRange(of: goAway)
        #expect(at.map { client.received[$0.upperBound...].prefix(8).last } == 0xb)
    }

    @Test("a tenth as many resets end the connection, since each discards a request")
    func fewResets() async throws {
        let server = try await RunningServer()
        let client = try await RawClient.connect(server, alpn: "h2")
        var bytes = HTTP2Frames.preface
        // Fewer than the limit of NIO.
        for round in 0..<150 { bytes += Flood.reset.frames(UInt32(round)) }
        try? await client.send(bytes)
        try await eventually("the connection is closed", within: .seconds(20)) { !client.isOpen }
        let patient = try await RawClient.connect(server, alpn: "h2")
        bytes = HTTP2Frames.preface
        for round in 0..<3 { bytes += Flood.reset.frames(UInt32(round)) }
        try await patient.send(bytes + HTTP2Frames.headers(stream: 99, ends: true, Self.question))
        try await eventually("an answer") { patient.text.contains(#""status":"pass""#) }
        #expect(patient.isOpen)
    }

    private static let question = [
        (":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "/livez"),
    ]

    @Test("a peer that was cut does not get a full budget by connecting again")
    func reconnects() async throws {
        let server = try await RunningServer()
        // Less than a full budget, so that the first connection takes two of them.
        var flood: [UInt8] = []
        for round in 0..<950 { flood += Flood.windowUpdate.frames(UInt32(round)) }
        let first = try await RawClient.connect(server, alpn: "h2")
        try? await first.send(HTTP2Frames.preface + flood + flood)
        try await eventually("the first is closed", within: .seconds(20)) { !first.isOpen }
        let second = try await RawClient.connect(server, alpn: "h2")
        try? await second.send(HTTP2Frames.preface + flood)
        try await eventually("the next is closed", within: .seconds(20)) { !second.isOpen }
        #expect(try await Curl(server, http2: true).get("/livez").status == 200)
    }

    @Test("a budget that was used up refills with time, for its peer group alone")
    func refills() {
        var spent = SpentBudgets()
        let cut = NIODeadline.now()
        spent.spend("a", at: cut)
        #expect(spent.budget(of: "b", at: cut) == FrameBudget.most)
        #expect(spent.budget(of: "a", at: cut) == FrameBudget.least)
        #expect(spent.budget(of: "a", at: cut - .seconds(1)) == FrameBudget.least)
        #expect(spent.budget(of: "a", at: cut + .seconds(3)) == FrameBudget.least + 300)
        #expect(spent.budget(of: "a", at: cut + .seconds(10)) == FrameBudget.most)
        // As many groups as an attacker has: the memory is bounded, the newest are known.
        let last = SpentBudgets.mostGroups
        for group in 0...last {
            spent.spend("g\(group)", at: cut + .milliseconds(Int64(group) + 1))
        }
        let end = cut + .milliseconds(Int64(last) + 1)
        #expect(spent.count == SpentBudgets.mostGroups)
        #expect(spent.budget(of: "a", at: end) == FrameBudget.most)
        #expect(spent.budget(of: "g\(last)", at: end) == FrameBudget.least)
    }

    @Test("a reader that acknowledges every small frame of a long response is not a flood")
    func honest() async throws {
        let body = [UInt8](repeating: 0x61, count: 8 << 20)
        let server = try await RunningServer(routes: [
            Route(.get, "/large", access: .open) { _ in .bytes(body) }
        ])
        let reply = try await Curl(server, http2: true).get("/large")
        #expect(reply.body.count == body.count)
    }
}
