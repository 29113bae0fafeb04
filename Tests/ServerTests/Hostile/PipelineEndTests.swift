import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Server

@Suite("The end of a pipelined batch")
struct PipelineEndTests {
    @Test(
        "every response is written before the close that the last request requests",
        arguments: ["Connection: close", "Connection: Close, TE", "Connection: keep-alive, close"])
    func lastCloses(field: String) async throws {
        let handled = Atomic<Int>(0)
        let server = try await RunningServer(routes: [
            Route(.post, "/count", access: .open) { exchange in
                _ = try await exchange.collectBody()
                handled.add(1, ordering: .relaxed)
                return .bytes(Array("counted".utf8), contentType: "text/plain")
            }
        ])
        let client = try await RawClient.connect(server)
        let request = "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
        try await client.send(
            String(repeating: request + "\r\nbody", count: 19) + request + field + "\r\n\r\nbody")
        try await eventually("the connection is closed") { !client.isOpen }
        #expect(handled.load(ordering: .relaxed) == 20)
        #expect(client.text.components(of: "counted") == 20)
    }

    @Test("bytes after a request that closes the connection are not answered")
    func nothingAfter() async throws {
        let server = try await RunningServer()
        let client = try await RawClient.connect(server)
        try await client.send(
            "GET /peer HTTP/1.1\r\nHost: a\r\n\r\nGET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                + "GET /peer HTTP/1.1\r\nHost: a\r\n\r\n")
        try await eventually("the connection is closed") { !client.isOpen }
        #expect(client.text.components(of: "HTTP/1.1 200 OK") == 2)
    }

    @Test("HTTP/1.0 ends with its response, and needs no Host")
    func http10() async throws {
        let server = try await RunningServer()
        let client = try await RawClient.connect(server)
        try await client.send("GET /peer HTTP/1.0\r\n\r\n")
        try await eventually("the connection is closed") { !client.isOpen }
        #expect(client.text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(client.text.hasSuffix("127.0.0.1"))
    }
}
