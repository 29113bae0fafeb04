import HTTPTypes
import HummingbirdCore
import Telemetry
import TestSupport
import Testing

@testable import Server

/// Bytes that the HTTP parser does not consume must not accumulate in memory.
@Suite("Unparsed bytes")
struct UnparsedBytesTests {
    /// Bytes of memory in use by this process, which runs both server and client.
    private static func resident() throws -> Double {
        let registry = PrometheusRegistry()
        ProcessFigures(started: 0).record(in: registry)
        return try #require(registry.value("process_resident_memory_bytes"))
    }

    @Test(
        "after an upgrade, a CONNECT or a close they are not kept",
        arguments: [
            "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
            "GET /wait HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
            "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ])
    func upgrade(request: String) async throws {
        let wait = Route(.get, "/wait", access: .open) { _ in
            try await Task.sleep(for: .seconds(3600))
            return .bytes([])
        }
        let server = try await RunningServer(routes: [.health("/livez", checks: []), wait])
        let client = try await RawClient.connect(server)
        let before = try Self.resident()
        try await client.send(request)
        let chunk = [UInt8](repeating: 0x61, count: 64 * 1024)
        var sent = 0
        // 128 MiB, unless the server ends the connection.
        while sent < 128 << 20 {
            do { try await client.send(chunk) } catch { break }
            sent += chunk.count
        }
        let growth = try Self.resident() - before
        #expect(growth < Double(48 << 20), "\(sent) bytes sent")
        #expect(sent < 128 << 20, "the connection was never ended")
        #expect(try await Curl(server).get("/livez").status == 200)
    }

    @Test(
        "a length of the greatest number is refused and harms nobody",
        arguments: ["9223372036854775807", "18446744073709551615", "9223372036854773760"])
    func greatestLength(length: String) async throws {
        let server = try await RunningServer()
        let token = try await server.token(.analysis)
        for (path, statuses) in [("/livez", [405, 400]), ("/rollouts/analysis", [413, 400])] {
            let client = try await RawClient.connect(server)
            let head =
                "POST \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(length)\r\n\r\n"
            // More than the feed passes on at once, so that it looks how much of the body is left.
            // The server may close before all of it is sent.
            try? await client.send(head + String(repeating: "x", count: 8 * RequestFeed.piece))
            try await client.closed()
            let status = client.text.firstMatch(of: /HTTP\/1.1 (\d+)/).flatMap { Int($0.output.1) }
            #expect(status.map(statuses.contains) == true, "\(path): \(client.text.prefix(200))")
        }
        #expect(try await Curl(server).get("/livez").status == 200)
    }

    @Test("pipelined requests are parsed only as they are answered")
    func pipelined() async throws {
        let server = try await RunningServer()
        let client = try await RawClient.connect(server)
        let request = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        try await client.send(String(repeating: request, count: 2000))
        try await eventually("every request is answered") {
            client.text.components(of: "HTTP/1.1 200 OK\r\n") == 2000
        }
    }
}
