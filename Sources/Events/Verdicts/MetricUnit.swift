/// The unit of a metric's value; decides how it is displayed.
public enum MetricUnit: String, Sendable, Hashable, CaseIterable {
    /// A proportion from 0 to 1; displayed in percent, differences in percentage points.
    case ratio
    /// Milliseconds.
    case milliseconds = "ms"
    /// Seconds; used for ages.
    case seconds = "s"
    case days = "d"
    case bytes
    /// Events per second.
    case perSecond = "per_s"
    /// A dimensionless number.
    case count
    /// 0 or 1; displayed as no or yes.
    case flag

    /// Derives the unit from the suffix of a metric's name, by the naming convention of the
    /// verdict document: `_ms`, `_rate`, `_ratio`, `_bytes`, `_s`, `_ok`, ….
    public init(metricName name: some StringProtocol) {
        let suffixes: [(String, MetricUnit)] = [
            ("_ms", .milliseconds), ("_rate", .ratio), ("_ratio", .ratio), ("_bytes", .bytes),
            ("_rps", .perSecond), ("_per_s", .perSecond), ("_s", .seconds),
            ("_seconds", .seconds), ("_days", .days), ("_ok", .flag), ("_reachable", .flag),
            ("_alive", .flag), (".fresh", .flag),
        ]
        let named = suffixes.first { name.hasSuffix($0.0) }?.1
        self = named ?? (name.contains("error_rate_") ? .ratio : .count)
    }
}
