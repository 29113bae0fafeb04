import Events

/// The time limits that separate a repeat, the next attempt and a new run.
public struct AttemptTiming: Sendable, Hashable {
    /// A request within this time, inclusive, repeats the attempt.
    public let repeatWindow: Duration
    /// The configured time between two attempts.
    public let interval: Duration
    /// The shortest silence that ends a run: Argo repeats a measurement that it could not make
    /// after 10 s.
    private static let shortest = Duration.seconds(30)
    /// The longest silence within a run of a caller that is slower than `interval`.
    private static let longestPaced = Duration.seconds(300)
    /// An evaluation that takes longer is lost.
    static let longestEvaluation = Duration.seconds(300)

    /// `repeatWindow` is `min(5 s, interval / 2)`.
    public init(interval: Duration) {
        repeatWindow = min(.seconds(5), interval / 2)
        self.interval = interval
    }

    /// A run ends after more than this time without activity: two intervals, at least 30 s. A
    /// retry must not be judged on the data of the run before it.
    ///
    /// - Parameter pace: The pace of the series' attempts. A caller may use a longer interval
    ///   than the configured one; then twice the pace counts, at most 5 min.
    public func silence(pace: Duration? = nil) -> Duration {
        max(interval * 2, Self.shortest, min((pace ?? .zero) * 2, Self.longestPaced))
    }

    /// Whether a request at `now` repeats the attempt measured at `first`. Uses the absolute
    /// difference, because the clock may have been set back a little.
    func isRepeat(of first: Timestamp, at now: Timestamp) -> Bool {
        let apart = now - first
        return max(apart, .zero - apart) <= repeatWindow
    }

    func isSilent(since last: Timestamp, pace: Duration?, at now: Timestamp) -> Bool {
        now - last > silence(pace: pace)
    }
}
