import HTTPTypes
import Testing

@testable import Server

@Suite struct RateLimiterTests {
    private let start = ContinuousClock.now

    @Test func countsEachKeyByItself() {
        let limiter = RateLimiter(rate: TokenBucket.Rate(burst: 2, perSecond: 0.1))
        #expect(limiter.take("a", at: start).remaining == 1)
        #expect(limiter.take("a", at: start).isAllowed)
        let refused = limiter.take("a", at: start)
        #expect(!refused.isAllowed)
        #expect(refused.wait == .seconds(10))
        #expect(limiter.take("b", at: start).isAllowed)
        #expect(limiter.take("a", at: start.advanced(by: .seconds(10))).isAllowed)
    }

    @Test func saysSoInTheHeaders() {
        let limiter = RateLimiter(rate: TokenBucket.Rate(burst: 2, perSecond: 0.1))
        let first = limiter.take("a", at: start).headers
        #expect(first[.rateLimitPolicy] == #""default";q=2;w=20"#)
        #expect(first[.rateLimit] == #""default";r=1;t=0"#)
        _ = limiter.take("a", at: start)
        let refused = limiter.take("a", at: start.advanced(by: .milliseconds(500)))
        #expect(refused.headers[.rateLimit] == #""default";r=0;t=10"#)
    }

    @Test func sendsCallersAwaySpread() throws {
        let limiter = RateLimiter(rate: TokenBucket.Rate(burst: 1, perSecond: 0.01))
        _ = limiter.take("a", at: start)
        let refused = limiter.take("a", at: start)
        var random = SystemRandomNumberGenerator()
        var seen: Set<Int> = []
        for _ in 0..<200 {
            let problem = refused.problem(using: &random)
            #expect(problem.status == .tooManyRequests)
            #expect(problem.headers[.rateLimit] != nil)
            let seconds = try #require(problem.headers[.retryAfter].flatMap { Int($0) })
            #expect((100...150).contains(seconds))
            seen.insert(seconds)
        }
        #expect(seen.count > 10)
    }

    @Test func neverIsAnHour() {
        let limiter = RateLimiter(rate: TokenBucket.Rate(burst: 1, perSecond: 0))
        _ = limiter.take("a", at: start)
        var random = SystemRandomNumberGenerator()
        let refused = limiter.take("a", at: start)
        #expect(refused.wait == nil)
        #expect(refused.headers[.rateLimitPolicy] == #""default";q=1"#)
        #expect(refused.problem(using: &random).headers[.retryAfter] != nil)
    }
}
