import Transfer

/// How hard a probe tries to get an answer over HTTP.
public struct UpstreamPolicy: Sendable {
    /// Most time for one attempt.
    public var attempt: Duration
    /// Attempts in all. Only a failed transfer is tried again, and only with a
    /// method that changes nothing; an answer of any status is an answer.
    public var attempts: Int
    /// The wait before another attempt is drawn evenly from zero to this.
    public var jitter: Duration
    /// An upstream that failed this often in a row is left alone for `coolDown`.
    public var circuitFailures: Int
    public var coolDown: Duration
    /// Give all probes of a node the same one.
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

    /// Full jitter: from zero to the ceiling, whichever attempt failed.
    func wait(using generator: inout some RandomNumberGenerator) -> Duration {
        RetryPolicy(initial: jitter, factor: 1, ceiling: jitter).delay(after: 1, using: &generator)
    }
}
