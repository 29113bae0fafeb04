import HTTPTypes
import Hummingbird
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
