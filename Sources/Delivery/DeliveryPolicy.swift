import Events
public import Transfer

/// When to try again, and when to stop trying.
public struct DeliveryPolicy: Sendable {
    /// Exponential with full jitter and a ceiling.
    public var retry: RetryPolicy
    /// A delivery that has been waiting this long, since it was enqueued or retried by hand,
    /// is given up at its next failure.
    public var giveUpAfter: Duration
    /// The most that a receiver's `Retry-After` can ask for.
    public var longestRetryAfter: Duration
    /// A receiver that refuses this many digests in a row, for everyone, is left alone.
    public var pauseAfterRefusals: Int
    /// How long, unless a person's `outbox retry` comes first.
    public var pause: Duration
    /// How long a stopping service lets tries under way come to their end.
    public var drain: Duration
    /// How long sent deliveries, dead letters and their digests are kept to be looked at.
    public var keep: Duration
    /// So many dead letters are kept; the oldest go first.
    public var keepDead: Int

    public init(
        retry: RetryPolicy = RetryPolicy(initial: .seconds(1), factor: 2, ceiling: .seconds(300)),
        giveUpAfter: Duration = .seconds(24 * 3600), longestRetryAfter: Duration = .seconds(3600),
        pauseAfterRefusals: Int = 3, pause: Duration = .seconds(900),
        drain: Duration = .seconds(5), keep: Duration = .seconds(30 * 86_400),
        keepDead: Int = 10_000
    ) {
        self.retry = retry
        self.giveUpAfter = giveUpAfter
        self.longestRetryAfter = longestRetryAfter
        self.pauseAfterRefusals = max(pauseAfterRefusals, 1)
        self.pause = pause
        self.drain = drain
        self.keep = keep
        self.keepDead = max(keepDead, 0)
    }

    /// Decides what becomes of a delivery after a try; nil when the try does
    /// not count. `age` is how long the delivery has been tried for.
    ///
    /// A `Retry-After` is honoured as it stands, to the second, within
    /// `longestRetryAfter`; it overrides the exponential delay.
    func verdict(
        _ result: DeliveryAttempt.Result, _ delivery: Outbox.Delivery, age: Duration,
        at now: Timestamp, using generator: inout some RandomNumberGenerator
    ) -> Outbox.Verdict? {
        switch result.outcome {
        case .sent: return Outbox.Verdict(fate: .sent, words: result.words, mark: result.mark)
        case .refused: return Outbox.Verdict(fate: .dead, words: result.words)
        case .interrupted: return nil
        case .retry(let asked):
            if age >= giveUpAfter {
                return Outbox.Verdict(
                    fate: .dead,
                    words: "given up after \(delivery.tries + 1) tries; last: \(result.words)")
            }
            let delay =
                asked.map { min($0, longestRetryAfter) }
                ?? retry.delay(after: delivery.tries + 1, using: &generator)
            return Outbox.Verdict(fate: .again(now + delay), words: result.words)
        }
    }
}
