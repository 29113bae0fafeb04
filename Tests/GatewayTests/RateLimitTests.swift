import JSON
import Server
import TestSupport
import Testing
import Transfer

@testable import Gateway

@Suite("Too many requests")
struct RateLimitTests {
    /// Two measurements, and no more during a test.
    static let two = TokenBucket.Rate(burst: 2, perSecond: 0.000_1)

    private func attempt(_ reply: HTTPReply) throws -> Int? {
        let document = try JSONValue(
            parsing: reply.body, limits: JSONLimits(maxBytes: 4096, maxDepth: 16))
        return document["attempt"]?["n"]?.integer.map { Int($0) }
    }

    @Test("over the limit the response is the frozen verdict with 200, and nothing is measured")
    func frozen() async throws {
        let gateway = try await ServedGateway(rate: Self.two)
        let first = try await gateway.ask()
        #expect(first.status == 200)
        #expect(first.header("ratelimit")?.contains("r=1") == true)
        #expect(first.header("ratelimit-policy")?.contains("q=2") == true)
        gateway.clock.advance(by: .seconds(30))
        let second = try await gateway.ask()
        #expect(try attempt(second) == 2)
        #expect(second.header("ratelimit")?.contains("r=0") == true)

        // Enough time for a third attempt, but not for this caller.
        gateway.clock.advance(by: .seconds(30))
        let third = try await gateway.ask()
        #expect(third.status == 200)
        #expect(third.body == second.body)
        #expect(third.header("etag") == second.header("etag"))
        #expect(gateway.probe.looks == 2)
        await gateway.stop()
    }

    @Test("over the limit without a verdict, 429 contains the time to retry")
    func refused() async throws {
        let gateway = try await ServedGateway(rate: Self.two)
        for _ in 0..<2 { _ = try await gateway.ask() }
        // A run that was silent this long has ended, so its verdict is not used.
        gateway.clock.advance(by: .seconds(3600))
        let refused = try await gateway.ask()
        #expect(refused.status == 429)
        #expect(refused.header("content-type") == "application/problem+json")
        #expect(try #require(refused.header("retry-after").flatMap { Int($0) }) > 0)
        #expect(refused.header("ratelimit")?.contains("r=0") == true)
        #expect(refused.header("connection") == "close" || refused.header("connection") == nil)
        await gateway.stop()
    }

    @Test("each series and each credential has its own limit")
    func apart() async throws {
        let gateway = try await ServedGateway(rate: Self.two)
        for _ in 0..<3 { _ = try await gateway.ask() }
        let other = try await gateway.ask(#"{"rollout":"cart","namespace":"prod"}"#)
        #expect(other.header("ratelimit")?.contains("r=1") == true)
        await gateway.stop()
    }

    @Test("an unknown concern is 404, however often it is requested")
    func unknown() async throws {
        let gateway = try await ServedGateway(
            rate: Self.two, concerns: ["disk": ["gateway.disk_ok"]])
        for _ in 0..<4 { #expect(try await gateway.ask(path: "/nope").status == 404) }
        #expect(try await gateway.ask(path: "/disk").status == 200)
        await gateway.stop()
    }
}
