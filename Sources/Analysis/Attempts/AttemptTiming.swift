import Events

/// The spans that tell a repeat from the next attempt, and that from a new run.
public struct AttemptTiming: Sendable, Hashable {
    /// Asking again within it, its end included, is the same attempt.
    public let repeatWindow: Duration
    /// Silence longer than this ends a run.
    public let silence: Duration

    /// `min(5 s, interval / 2)` and `max(3 intervals, 5 min)`.
    public init(interval: Duration) {
        repeatWindow = min(.seconds(5), interval / 2)
        silence = max(interval * 3, .seconds(300))
    }

    /// A clock that was set back a little is still the same attempt.
    func isRepeat(of first: Timestamp, at now: Timestamp) -> Bool {
        let apart = now - first
        return max(apart, .zero - apart) <= repeatWindow
    }

    func isSilent(since last: Timestamp, at now: Timestamp) -> Bool { now - last > silence }
}
