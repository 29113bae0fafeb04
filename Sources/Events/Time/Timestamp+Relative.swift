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
