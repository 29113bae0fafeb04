/// Detects steps of the wall clock by comparing it with a monotonic clock.
///
/// Deadlines are stored in wall time because people read them and they must survive restarts.
/// A caller that waits for a deadline calls `step(to:)` on each check and shifts the deadline
/// by the result, so the wait keeps its length. Not thread-safe.
public struct ClockWatch: Sendable {
    private let stopwatch: Stopwatch
    private var wall: Timestamp
    private var elapsed: Duration

    /// - Parameter now: The wall clock's time.
    public init(at now: Timestamp, clock: any Clock<Duration>) {
        stopwatch = Stopwatch(clock)
        wall = now
        elapsed = stopwatch.elapsed
    }

    /// Returns how far the wall clock was set since the last call, negative if it was set back.
    ///
    /// Zero for steps of at most two seconds and for drift of at most 1/1000, within which time
    /// synchronization slews the clock.
    public mutating func step(to now: Timestamp) -> Duration {
        let elapsed = stopwatch.elapsed
        let passed = elapsed - self.elapsed
        let step = (now - wall) - passed
        (wall, self.elapsed) = (now, elapsed)
        let tolerance = max(.seconds(2), passed / 1000)
        return step > tolerance || step < .zero - tolerance ? step : .zero
    }
}
