import HTTPTypes
import HummingbirdCore
import NIOCore
import Telemetry
import TestSupport
import Testing

@testable import Server

@Suite("Strict-Transport-Security")
struct StrictTransportTests {
    private static func server(_ span: Duration?) async throws -> RunningServer {
        var setup = RunningServer.Setup()
        setup.strictTransport = span
        return try await RunningServer(
            setup,
            routes: RunningServer.routes(Telemetry.silent.registry) + [
                Route(
                    .post, "/ready", access: .requires(.analysis),
                    ready: { _ in ReadyAnswer(body: ByteBuffer(string: "ready"), headers: [:]) },
                    handler: { _ in .bytes([]) })
            ])
    }

    @Test("is in every response, including refusals", arguments: [false, true])
    func everywhere(http2: Bool) async throws {
        let server = try await Self.server(.seconds(86400))
        let curl = Curl(server, http2: http2)
        let token = try await server.token(.analysis)
        for path in ["/", "/livez", "/nowhere", "/v1/events", "/broken", "/metrics"] {
            let reply = try await curl.get(path)
            #expect(reply.header("strict-transport-security") == "max-age=86400", "\(path)")
        }
        let ready = try await curl.post("/ready", token: token, text: "{}")
        #expect(ready.status == 200)
        #expect(ready.header("strict-transport-security") == "max-age=86400")
    }

    @Test("is not sent unless configured")
    func off() async throws {
        let server = try await Self.server(nil)
        #expect(try await Curl(server).get("/").header("strict-transport-security") == nil)
    }
}
