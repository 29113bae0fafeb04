import Events

/// The time limits that separate a repeat, the next attempt and a new run.
public struct AttemptTiming: Sendable, Hashable {
    /// A request within this time, inclusive, repeats the attempt.
    public let repeatWindow: Duration
    /// A run ends after more than this time without activity.
    public let silence: Duration

    /// `min(5 s, interval / 2)` and `max(3 intervals, 5 min)`.
    public init(interval: Duration) {
        repeatWindow = min(.seconds(5), interval / 2)
        silence = max(interval * 3, .seconds(300))
    }

    /// Whether a request at `now` repeats the attempt measured at `first`. Uses the absolute
    /// difference, because the clock may have been set back a little.
    func isRepeat(of first: Timestamp, at now: Timestamp) -> Bool {
        let apart = now - first
        return max(apart, .zero - apart) <= repeatWindow
    }

    func isSilent(since last: Timestamp, at now: Timestamp) -> Bool { now - last > silence }
}
