/// Notices that the wall clock was set, by what passed meanwhile on a monotonic clock.
///
/// Moments are kept in wall time, for people and over restarts. Who waits for one asks at
/// each look whether the clock was set, and moves the moments by that step: the wait then
/// lasts as long as it would have. A value; one owner.
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

    /// How far the wall clock was set since the last look, negative when back; zero for less
    /// than two seconds and for a drift of less than a thousandth, which clocks are kept right by.
    public mutating func step(to now: Timestamp) -> Duration {
        let elapsed = stopwatch.elapsed
        let passed = elapsed - self.elapsed
        let step = (now - wall) - passed
        (wall, self.elapsed) = (now, elapsed)
        let tolerance = max(.seconds(2), passed / 1000)
        return step > tolerance || step < .zero - tolerance ? step : .zero
    }
}
