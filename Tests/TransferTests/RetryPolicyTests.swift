import Core
import Testing

@testable import Transfer

/// A generator of the largest value: each draw is the upper bound.
private struct Largest: RandomNumberGenerator {
    func next() -> UInt64 { .max }
}

/// A generator of values so small that each draw is its lower bound. Zero would not work:
/// `random(in:)` rejects it forever as biased.
private struct Smallest: RandomNumberGenerator {
    func next() -> UInt64 { 1 << 40 }
}

@Suite("Retry policy")
struct RetryPolicyTests {
    let policy = RetryPolicy(initial: .milliseconds(200), factor: 2, ceiling: .seconds(30))

    @Test("the bound doubles up to the ceiling and stays there")
    func bounds() {
        #expect(policy.bound(after: 0) == .zero)
        #expect(policy.bound(after: 1) == .milliseconds(200))
        #expect(policy.bound(after: 2) == .milliseconds(400))
        #expect(policy.bound(after: 8) == .milliseconds(25_600))
        #expect(policy.bound(after: 9) == .seconds(30))
        #expect(policy.bound(after: 1_000_000_000) == .seconds(30))
    }

    @Test("the delay is drawn from zero to the bound, both inclusive")
    func jitter() {
        var largest = Largest()
        var smallest = Smallest()
        var random = SystemRandomNumberGenerator()
        for failures in [1, 2, 5, 9, 50] {
            let bound = policy.bound(after: failures)
            #expect(policy.delay(after: failures, using: &largest) == bound)
            #expect(policy.delay(after: failures, using: &smallest) == .zero)
            for _ in 0..<100 {
                #expect((.zero...bound).contains(policy.delay(after: failures, using: &random)))
            }
        }
    }

    @Test("the wait of a probe is short after the first failure, then just below the next bound")
    func probe() {
        for _ in 0..<100 {
            #expect(
                (Duration.zero...Duration.milliseconds(200)).contains(policy.probeDelay(after: 1)))
            for failures in [2, 5, 7, 8, 9, 50, Int.max] {
                let next = min(policy.bound(after: failures) * 2, .seconds(30))
                let wait = policy.probeDelay(after: failures)
                #expect(wait >= next * 0.85 && wait <= next * 0.9)
            }
        }
        #expect(policy.probeDelay(after: 0) == .zero)
    }

    @Test("invalid policies still give valid delays")
    func senseless() {
        let backwards = RetryPolicy(initial: .seconds(-1), factor: .nan, ceiling: .seconds(-5))
        #expect(backwards.bound(after: 7) == .zero)
        let shrinking = RetryPolicy(initial: .seconds(2), factor: 0.1, ceiling: .seconds(30))
        #expect(shrinking.bound(after: 7) == .seconds(2))
        let inverted = RetryPolicy(initial: .seconds(60), factor: 2, ceiling: .seconds(30))
        #expect(inverted.bound(after: 1) == .seconds(30))
    }

    @Test("Retry-After is seconds or an HTTP date; anything else is ignored")
    func retryAfter() {
        // Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
        let now: Int64 = 784_111_777
        func asked(_ value: String?) -> Duration? { HTTPReply.retryAfter(value, now: now) }
        #expect(asked("120") == .seconds(120))
        #expect(asked(" 0 ") == .zero)
        #expect(asked("Sun, 06 Nov 1994 08:51:37 GMT") == .seconds(120))
        #expect(asked("Sun, 06 Nov 1994 08:49:00 GMT") == .zero)
        #expect(asked("99999999999999999999999") == .seconds(7 * 86_400))
        #expect(asked("Fri, 31 Dec 2060 23:59:59 GMT") == .seconds(7 * 86_400))
        for nonsense in [nil, "", " ", "soon", "-5", "1.5", "\0"] {
            #expect(asked(nonsense) == nil)
        }
    }
}
