import Foundation
import Hummingbird
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Serving

@Suite("Answers that the express lane waits for")
struct DeferredAnswerTests {
    /// The replies that a route took, in the order of the requests.
    private final class Taken: Sendable {
        private let all = Mutex<[(body: String, reply: DeferredReply)]>([])

        func take(_ question: ReadyQuestion, _ reply: DeferredReply) -> Bool {
            let body = String(decoding: question.body, as: UTF8.self)
            guard body != "left" else { return false }
            all.withLock { $0.append((body, reply)) }
            return true
        }

        var bodies: [String] { all.withLock { $0.map(\.body) } }

        func answer(_ place: Int, _ text: String?) {
            let reply = all.withLock { $0[place].reply }
            reply(
                text.map { ReadyAnswer(body: Array($0.utf8), fields: .init([.server: "lane"])) })
        }
    }

    private static func server(_ taken: Taken) async throws -> RunningServer {
        try await RunningServer(
            routes: [
                Route(
                    .post, "/v1/events", access: .requires(.ingest),
                    deferred: { taken.take($0, $1) },
                    handler: { exchange in
                        let body = try await exchange.collectBody()
                        return .bytes(Array("whole way: ".utf8) + Array(body.readableBytesView))
                    })
            ])
    }

    private static func request(_ body: String, token: String) -> String {
        "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test("come in the order of the requests, whatever comes in meanwhile")
    func order() async throws {
        let taken = Taken()
        let server = try await Self.server(taken)
        let token = try await server.token(.ingest)
        let client = try await RawClient.connect(server)
        try await client.send(Self.request("one", token: token))
        try await eventually("the first is taken") { taken.bodies == ["one"] }
        try await client.send(Self.request("two", token: token))
        taken.answer(0, "answer one")
        try await eventually("the second is taken") { taken.bodies == ["one", "two"] }
        try await client.receives("answer one")
        // One for the parser behind the lane waits as well.
        try await client.send(Self.request("left", token: token))
        #expect(!client.text.contains("whole way"))
        taken.answer(1, "answer two")
        try await client.receives("whole way: left")
        let text = client.text
        let (one, two) = (text.range(of: "answer one"), text.range(of: "answer two"))
        #expect(try #require(one).upperBound < (try #require(two)).lowerBound)
        #expect(text.contains("Content-Length: 10\r\n"))
        try await client.close()
    }

    @Test("a request that is given back goes the whole way, and the lane stays open")
    func givenBack() async throws {
        let taken = Taken()
        let server = try await Self.server(taken)
        let token = try await server.token(.ingest)
        let client = try await RawClient.connect(server)
        try await client.send(Self.request("one", token: token))
        try await eventually("it is taken") { taken.bodies == ["one"] }
        taken.answer(0, nil)
        try await client.receives("whole way: one")
        try await client.send(Self.request("two", token: token))
        try await eventually("the next is taken again") { taken.bodies == ["one", "two"] }
        taken.answer(1, "answer two")
        try await client.receives("answer two")
        #expect(
            server.telemetry.registry.exposition().contains(
                #"bellwether_http_requests_total{route="/v1/events",status="200"} 2"#))
    }

    @Test("are given before a shutdown ends the connection")
    func shutdown() async throws {
        let taken = Taken()
        let server = try await Self.server(taken)
        let token = try await server.token(.ingest)
        let client = try await RawClient.connect(server)
        try await client.send(Self.request("one", token: token))
        try await eventually("it is taken") { taken.bodies == ["one"] }
        async let stopped: Void = server.stop()
        try await eventually("the node drains") { server.server.isDraining }
        taken.answer(0, "answer one")
        try await client.closed()
        try await stopped
        #expect(client.text.contains("answer one"))
    }

    @Test("a client that goes away meanwhile takes nothing with it")
    func gone() async throws {
        let taken = Taken()
        let server = try await Self.server(taken)
        let token = try await server.token(.ingest)
        let client = try await RawClient.connect(server)
        try await client.send(Self.request("one", token: token))
        try await eventually("it is taken") { taken.bodies == ["one"] }
        // Its farewell is read once the answer is out.
        async let closed: Void = client.close()
        taken.answer(0, "answer one")
        try await closed
        // Shutting down waits for requests under way: none is left over.
        try await server.stop()
    }
}
