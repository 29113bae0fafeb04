extension MetricUnit {
    /// Formats a value of this unit: `1.9%`, `420 ms`, `1.5 GiB`, `yes`.
    ///
    /// Uses three significant digits. NaN and infinities are `?`.
    public func words(for value: Double) -> String {
        guard value.isFinite else { return "?" }
        switch self {
        case .ratio: return Self.short(value * 100) + "%"
        case .milliseconds: return Self.short(value) + " ms"
        case .seconds: return Self.short(value) + " s"
        case .days: return Self.short(value) + " d"
        case .bytes:
            var scaled = value
            var names = ["B", "KiB", "MiB", "GiB", "TiB"][...]
            while scaled.magnitude >= 1024, names.count > 1 {
                scaled /= 1024
                names.removeFirst()
            }
            return Self.short(scaled) + " " + (names.first ?? "")
        case .perSecond: return Self.short(value) + "/s"
        case .count: return Self.short(value)
        case .flag: return value == 0 ? "no" : "yes"
        }
    }

    /// Formats with three significant digits, more only before the decimal point.
    ///
    /// Omits trailing zeros; integers below 1e15 have no exponent.
    private static func short(_ value: Double) -> String {
        if value == 0 { return "0" }
        var scale = 1.0
        while value.magnitude * scale < 100, scale < 1e9 { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        if rounded == rounded.rounded(), rounded.magnitude < 1e15 {
            return String(Int64(rounded))
        }
        return "\(rounded)"
    }
}
