import Core
import Transfer

/// The time limits, retries and circuit of HTTP requests by probes.
public struct UpstreamPolicy: Sendable {
    /// Maximum duration of one attempt.
    public var attempt: Duration
    /// Maximum number of attempts. Only failed transfers with a safe method are retried; an answer
    /// with any status is not.
    public var attempts: Int
    /// Upper limit of the random wait before a retry, uniform from zero.
    public var jitter: Duration
    /// Failures in a row after which no request is sent for `coolDown`.
    public var circuitFailures: Int
    public var coolDown: Duration
    /// The retry budget; all probes of a node should share one.
    public var budget: RetryBudget

    public init(
        attempt: Duration = .milliseconds(800), attempts: Int = 2,
        jitter: Duration = .milliseconds(400), circuitFailures: Int = 5,
        coolDown: Duration = .seconds(10), budget: RetryBudget = RetryBudget()
    ) {
        self.attempt = attempt
        self.attempts = max(1, attempts)
        self.jitter = jitter
        self.circuitFailures = circuitFailures
        self.coolDown = coolDown
        self.budget = budget
    }

    /// Returns a wait with full jitter, the same range for every attempt.
    func wait(using generator: inout some RandomNumberGenerator) -> Duration {
        RetryPolicy(initial: jitter, factor: 1, ceiling: jitter).delay(after: 1, using: &generator)
    }
}
