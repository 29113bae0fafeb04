/// A time in UTC, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// All wall-clock times use this type. Durations are measured with `ContinuousClock`;
/// only a duration that must survive a restart is the difference of two timestamps.
public struct Timestamp: Sendable, Hashable, Comparable {
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    /// The years 1970 to 9999: the valid times of new events.
    public static let range =
        Timestamp(milliseconds: 0)...Timestamp(milliseconds: 253_402_300_799_999)

    /// The text that error messages use for a valid time.
    public static let expected = "a time in the years 1970 to 9999"

    // These operators saturate at the limits of `Int64`.

    public static func + (a: Timestamp, b: Duration) -> Timestamp {
        Timestamp(milliseconds: a.milliseconds +| b.wholeMilliseconds)
    }

    public static func - (a: Timestamp, b: Duration) -> Timestamp {
        Timestamp(milliseconds: a.milliseconds -| b.wholeMilliseconds)
    }

    public static func - (a: Timestamp, b: Timestamp) -> Duration {
        .milliseconds(a.milliseconds -| b.milliseconds)
    }

    /// Seconds since 1970-01-01T00:00:00Z, for formulas.
    public var seconds: Double { Double(milliseconds) / 1000 }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero, clamped to `Int64`.
    public var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        if overflow { return seconds < 0 ? .min : .max }
        return scaled +| attoseconds / 1_000_000_000_000_000
    }

    /// Seconds as a floating-point number.
    public var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}

extension Timestamp {
    /// Parses RFC 3339, or a duration before `now` in whole `ms`, `s`, `m`, `h` or `d`.
    ///
    /// Examples of durations: `10m`, `2h`, `7d`. Returns nil for other text.
    public init?(relativeOrRFC3339 text: some StringProtocol, now: Timestamp) {
        if let moment = Timestamp(rfc3339: text) {
            self = moment
            return
        }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let scale: Int64? =
            switch text.dropFirst(digits.count) {
            case "ms": 1
            case "s": 1000
            case "m": 60_000
            case "h": 3_600_000
            case "d": 86_400_000
            default: nil
            }
        guard let scale, let count = Int64(digits) else { return nil }
        let (span, overflow) = count.multipliedReportingOverflow(by: scale)
        let (moment, wrapped) = now.milliseconds.subtractingReportingOverflow(span)
        guard !overflow, !wrapped else { return nil }
        self.init(milliseconds: moment)
    }
}
