/// What a metric's number counts; decides how people see it.
public enum MetricUnit: String, Sendable, Hashable, CaseIterable {
    /// A proportion from 0 to 1; shown as per cent, differences as percentage points.
    case ratio
    /// Milliseconds.
    case milliseconds = "ms"
    /// Seconds, for ages.
    case seconds = "s"
    case days = "d"
    case bytes
    /// Events per second.
    case perSecond = "per_s"
    /// A plain number of things.
    case count
    /// 0 or 1, shown as yes or no.
    case flag

    /// The unit that a metric's name ends in, by the naming convention of
    /// the verdict document: `_ms`, `_rate`, `_ratio`, `_bytes`, `_s`, `_ok`, ….
    public init(metricName name: some StringProtocol) {
        self =
            if name.hasSuffix("_ms") {
                .milliseconds
            } else if name.hasSuffix("_rate")
                || name.hasSuffix("_ratio") || name.contains("error_rate_")
            { .ratio } else if name.hasSuffix("_bytes") {
                .bytes
            } else if name.hasSuffix("_s")
                || name.hasSuffix("_seconds")
            { .seconds } else if name.hasSuffix("_days") {
                .days
            } else if name.hasSuffix("_rps")
                || name.hasSuffix("_per_s")
            {
                .perSecond
            } else if name.hasSuffix("_ok") || name.hasSuffix("_reachable")
                || name.hasSuffix("_alive")
            { .flag } else { .count }
    }
}
