public import HTTPTypes
import Synchronization

/// Limits the request rate per key (a credential, a series). Thread-safe, bounded memory.
public final class RateLimiter: Sendable {
    /// The result of one request.
    public struct Verdict: Sendable, Hashable {
        public let isAllowed: Bool
        /// The number of requests that the key can make now.
        public let remaining: Int
        /// The time until one more request is allowed: zero if it is now, nil if never.
        public let wait: Duration?
        /// `RateLimit-Policy`: a quota of `burst` and the seconds that refill it
        /// (draft-ietf-httpapi-ratelimit-headers-10).
        public let policy: String

        /// `RateLimit` of the same draft: the remaining requests, and when there are more.
        public var state: String {
            var state = #""default";r="# + String(remaining)
            if let wait { state += ";t=" + String(wait.wholeSecondsUp) }
            return state
        }
    }

    private let table: Mutex<BucketTable<String>>
    private let policy: String

    /// - Parameter capacity: The number of keys that are always kept.
    public init(rate: TokenBucket.Rate, capacity: Int = 10_000) {
        table = Mutex(BucketTable(rate: rate, capacity: capacity))
        var policy = #""default";q=\#(rate.burst)"#
        if rate.perSecond > 0 {
            policy += ";w=\(max(1, Int((Double(rate.burst) / rate.perSecond).rounded(.up))))"
        }
        self.policy = policy
    }

    public func take(_ key: String, at now: ContinuousClock.Instant = .now) -> Verdict {
        table.withLock { table in
            let (isAllowed, bucket) = table.spend(key, at: now)
            return Verdict(
                isAllowed: isAllowed, remaining: bucket.remaining(table.rate, at: now),
                wait: bucket.wait(table.rate, at: now), policy: policy)
        }
    }
}

extension RateLimiter.Verdict {
    /// The `RateLimit-Policy` and `RateLimit` fields.
    public var headers: HTTPFields { [.rateLimitPolicy: policy, .rateLimit: state] }

    /// 429 with these headers. `Retry-After` is 1 to 1.5 times the wait, at random, so that callers
    /// do not all return at once.
    public func problem(
        using random: inout some RandomNumberGenerator
    ) -> Problem {
        let wait = wait ?? .seconds(3600)
        let spread = wait * Double.random(in: 1...1.5, using: &random)
        var problem = Problem.retryLater(
            .tooManyRequests, "rate_limited", "this credential requests this series too often",
            after: spread)
        for field in headers { problem.headers.append(field) }
        return problem
    }
}
