extension MetricUnit {
    /// Formats a value of this unit: `1.9 %`, `420 ms`, `1.5 GiB`, `yes`.
    ///
    /// Uses three significant digits. NaN and infinities are `?`.
    public func words(for value: Double) -> String { words(for: value, digits: 3) }

    /// Formats a value and a limit with as many digits as show their difference.
    ///
    /// Two numbers that differ get different texts, so that no text says "300 ms over the
    /// limit 300 ms".
    public func words(for value: Double, beside limit: Double) -> (value: String, limit: String) {
        var digits = 3
        while digits < 17, value != limit,
            words(for: value, digits: digits) == words(for: limit, digits: digits)
        {
            digits += 1
        }
        return (words(for: value, digits: digits), words(for: limit, digits: digits))
    }

    private func words(for value: Double, digits: Int) -> String {
        guard value.isFinite else { return "?" }
        let short = { (value: Double) in Self.short(value, digits: digits) }
        switch self {
        case .ratio: return short(value * 100) + " %"
        case .milliseconds: return short(value) + " ms"
        case .seconds: return short(value) + " s"
        case .days: return short(value) + " d"
        case .bytes:
            var scaled = value
            var names = ["B", "KiB", "MiB", "GiB", "TiB"][...]
            // What rounds to 1024 has the next unit, or two texts would state one number.
            while scaled.magnitude >= 1023.5, names.count > 1 {
                scaled /= 1024
                names.removeFirst()
            }
            return short(scaled) + " " + (names.first ?? "")
        case .perSecond: return short(value) + "/s"
        case .count: return short(value)
        case .flag: return value == 0 ? "no" : "yes"
        }
    }

    /// Formats with `digits` significant digits, more only before the decimal point.
    ///
    /// Omits trailing zeros; integers below 1e15 have no exponent.
    private static func short(_ value: Double, digits: Int) -> String {
        if value == 0 { return "0" }
        var least = 1.0
        for _ in 1..<digits { least *= 10 }
        var scale = 1.0
        while value.magnitude * scale < least, scale < 1e9 * least / 100 { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        if rounded == rounded.rounded(), rounded.magnitude < 1e15 {
            return String(Int64(rounded))
        }
        return "\(rounded)"
    }
}
