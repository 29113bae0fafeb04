/// The delay before the next attempt: exponential backoff with full jitter and a ceiling.
///
/// The bound after failure n is `initial · factor^(n-1)`, at most `ceiling`. The delay is uniformly
/// random between zero and the bound, so that many senders do not retry in step (Brooker,
/// "Exponential Backoff and Jitter", AWS 2015).
public struct RetryPolicy: Sendable, Equatable {
    public let initial: Duration
    public let factor: Double
    public let ceiling: Duration

    /// Treats negative durations as zero, and a factor below 1 as 1.
    public init(initial: Duration, factor: Double, ceiling: Duration) {
        self.initial = max(initial, .zero)
        self.factor = factor.isFinite ? max(factor, 1) : 1
        self.ceiling = max(ceiling, .zero)
    }

    /// The maximum delay after `failures` consecutive failures; zero after none.
    public func bound(after failures: Int) -> Duration {
        guard failures > 0 else { return .zero }
        var bound = min(initial, ceiling)
        for _ in 1..<max(failures, 1) {
            if bound >= ceiling || factor == 1 || bound == .zero { break }
            bound = min(bound * factor, ceiling)
        }
        return bound
    }

    /// A random delay from zero to `bound(after:)`, in whole milliseconds.
    public func delay(
        after failures: Int, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        let (seconds, attoseconds) = bound(after: failures).components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        return .milliseconds(Int64.random(in: 0...milliseconds, using: &generator))
    }

    /// The same with the system's random numbers.
    public func delay(after failures: Int) -> Duration {
        var generator = SystemRandomNumberGenerator()
        return delay(after: failures, using: &generator)
    }

    /// The wait before one more try of a peer for which many wait, and which gets one at a time.
    ///
    /// The first is that of `delay(after:)`, because most faults are short. Later ones are 85 to
    /// 90 % of the next bound: a peer that is away is tried as seldom as the ceiling permits, and
    /// never later than it.
    public func probeDelay(after failures: Int) -> Duration {
        guard failures > 1 else { return delay(after: failures) }
        let bound = self.bound(after: failures)
        let wait = bound >= ceiling ? ceiling : min(bound * factor, ceiling)
        let jitter = Double.random(in: 0.85...0.9)
        return wait * jitter
    }
}
