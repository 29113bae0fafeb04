import CCurl
import Core

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

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

    /// The delay of a `Retry-After` header (RFC 9110 §10.2.3): seconds, or an HTTP date relative to
    /// `now` (seconds since 1970).
    ///
    /// Between zero and seven days; nil if the header is absent or unreadable.
    public static func retryAfter(_ value: String?, now: Int64 = Int64(time(nil))) -> Duration? {
        guard let value = value?.trimmed, !value.isEmpty else { return nil }
        let longest: Int64 = 7 * 86_400
        if value.utf8.allSatisfy({ $0 &- 0x30 < 10 }) {
            return .seconds(min(Int64(value) ?? longest, longest))
        }
        guard !value.utf8.contains(0) else { return nil }
        let date = Int64(curl_getdate(value, nil))
        guard date >= 0 else { return nil }
        return .seconds(min(max(date - now, 0), longest))
    }
}
