/// A token bucket: allows a burst, then a steady rate. The caller passes the time.
public struct TokenBucket: Sendable, Hashable {
    /// The capacity and refill rate of a bucket.
    public struct Rate: Sendable, Hashable {
        /// The maximum number of requests at once: the capacity.
        public var burst: Int
        public var perSecond: Double

        public init(burst: Int, perSecond: Double) {
            self.burst = max(1, burst)
            self.perSecond = max(0, perSecond)
        }
    }

    private var level: Double
    private var filled: ContinuousClock.Instant

    /// A full bucket.
    public init(_ rate: Rate, at now: ContinuousClock.Instant) {
        level = Double(rate.burst)
        filled = now
    }

    /// Takes a token if there is one.
    public mutating func take(_ rate: Rate, at now: ContinuousClock.Instant) -> Bool {
        fill(rate, at: now)
        guard level >= 1 else { return false }
        level -= 1
        return true
    }

    /// The number of whole tokens available now.
    public func remaining(_ rate: Rate, at now: ContinuousClock.Instant) -> Int {
        var copy = self
        copy.fill(rate, at: now)
        return Int(copy.level)
    }

    /// The time until a token is available; nil if never.
    public func wait(_ rate: Rate, at now: ContinuousClock.Instant) -> Duration? {
        var copy = self
        copy.fill(rate, at: now)
        if copy.level >= 1 { return .zero }
        guard rate.perSecond > 0 else { return nil }
        return .seconds((1 - copy.level) / rate.perSecond)
    }

    private mutating func fill(_ rate: Rate, at now: ContinuousClock.Instant) {
        let passed = filled.duration(to: now)
        guard passed > .zero else { return }
        level = min(Double(rate.burst), level + passed / .seconds(1) * rate.perSecond)
        filled = now
    }
}
