import Core
import Events
import State

/// When deliveries are retried, and when they are given up.
public struct DeliveryPolicy: Sendable {
    /// The delay between tries: exponential, with full jitter and a ceiling. Only one digest of a
    /// failing receiver is tried at a time, after `probeDelay`, so the ceiling also limits how late
    /// the first one arrives after the receiver is back.
    public var retry: RetryPolicy
    /// Maximum age of a delivery, since it was enqueued or retried by hand. After it, the next
    /// failure makes the delivery dead.
    public var giveUpAfter: Duration
    /// Upper limit for a receiver's `Retry-After`.
    public var longestRetryAfter: Duration
    /// Number of digests in a row, each refused for all recipients, after which a receiver is
    /// paused.
    public var pauseAfterRefusals: Int
    /// Length of the pause. `outbox retry` ends it early.
    public var pause: Duration
    /// How long a receiver may accept nothing until it is reported as failing.
    public var failingAfter: Duration
    /// How long running tries may take to finish when the service stops or its receivers are
    /// replaced.
    public var drain: Duration
    /// How long settled deliveries, dead letters and their digests are kept.
    public var keep: Duration
    /// Maximum number of dead letters; the oldest are removed first.
    public var keepDead: Int
    /// The command that retries dead letters, for the message about a paused receiver.
    public var retryCommand = "bellwether outbox retry --dead"

    public init(
        retry: RetryPolicy = RetryPolicy(initial: .seconds(1), factor: 2, ceiling: .seconds(10)),
        giveUpAfter: Duration = .seconds(24 * 3600), longestRetryAfter: Duration = .seconds(3600),
        pauseAfterRefusals: Int = 3, pause: Duration = .seconds(900),
        failingAfter: Duration = .seconds(300),
        drain: Duration = .seconds(5), keep: Duration = .seconds(30 * 86_400),
        keepDead: Int = 10_000
    ) {
        self.retry = retry
        self.giveUpAfter = giveUpAfter
        self.longestRetryAfter = longestRetryAfter
        self.pauseAfterRefusals = max(pauseAfterRefusals, 1)
        self.pause = pause
        self.failingAfter = failingAfter
        self.drain = drain
        self.keep = keep
        self.keepDead = max(keepDead, 0)
    }

    /// Returns the new state of a delivery after a try; nil if the try does not count.
    ///
    /// A `Retry-After` replaces the exponential delay, up to `longestRetryAfter`.
    ///
    /// - Parameter age: The time since the delivery was enqueued or retried by hand.
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
                    words: "given up after \(delivery.tries +| 1) tries; last: \(result.words)")
            }
            let delay =
                asked.map { min($0, longestRetryAfter) }
                ?? retry.delay(after: delivery.tries +| 1, using: &generator)
            return Outbox.Verdict(fate: .again(now + delay), words: result.words)
        }
    }
}
