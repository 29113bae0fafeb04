import Events

/// Formats numbers for people: `1.9 %`, `420 ms`, `+0.4 pp`.
enum HumanNumber {
    /// Formats a value with its unit; nil is "no data".
    static func text(_ value: Double?, _ unit: MetricUnit) -> String {
        guard let value else { return "no data" }
        guard value.isFinite else { return value.isNaN ? "no number" : "∞" }
        switch unit {
        case .ratio: return significant(value * 100) + " %"
        case .milliseconds:
            if abs(value) < 10_000 {
                return (abs(value) < 10 ? significant(value) : grouped(value)) + " ms"
            }
            return text(value / 1000, .seconds)
        case .seconds:
            if abs(value) < 60 { return significant(value) + " s" }
            return span(.seconds(min(max(value, -1e12), 1e12)))
        case .days: return significant(value) + " d"
        case .bytes: return bytes(value)
        case .perSecond: return significant(value) + " /s"
        case .count: return significant(value)
        case .flag: return value == 0 ? "no" : "yes"
        }
    }

    /// Formats two values so that different values have different texts.
    static func pair(_ a: Double?, _ b: Double?, _ unit: MetricUnit) -> (String, String) {
        let (first, second) = (text(a, unit), text(b, unit))
        guard let a, let b, a != b, first == second, unit != .flag else { return (first, second) }
        return unit.words(for: a, beside: b)
    }

    /// Formats the difference from `old` to `new` with its sign.
    ///
    /// Returns an empty text when a value is missing or not finite, and for an unchanged flag.
    static func change(from old: Double?, to new: Double?, _ unit: MetricUnit) -> String {
        guard let old, let new, old.isFinite, new.isFinite else { return "" }
        if unit == .flag { return old == new ? "" : "(was \(text(old, .flag)))" }
        let difference = new - old
        if difference == 0 { return "±0" }
        let sign = difference < 0 ? "−" : "+"
        let size = abs(difference)
        if unit == .ratio { return sign + significant(size * 100) + " pp" }
        return sign + text(size, unit)
    }

    /// Formats a time span in its two largest units: `4 min`, `1 h 20 min`, `2 d 3 h`. From
    /// 10 min to 1 h only in minutes.
    static func span(_ span: Duration) -> String {
        let total = span.wholeMilliseconds / 1000
        if total < 0 { return "−" + Self.span(.seconds(-total)) }
        let (days, hours) = (total / 86_400, total / 3600 % 24)
        let (minutes, seconds) = (total / 60 % 60, total % 60)
        func pair(_ a: Int64, _ unit: String, _ b: Int64, _ lesser: String) -> String {
            b == 0 ? "\(a) \(unit)" : "\(a) \(unit) \(b) \(lesser)"
        }
        if days > 0 { return pair(days, "d", hours, "h") }
        if hours > 0 { return pair(hours, "h", minutes, "min") }
        if minutes >= 10 { return "\(minutes) min" }
        if minutes > 0 { return pair(minutes, "min", seconds, "s") }
        return "\(seconds) s"
    }

    /// Formats a number of items: `1 event`, `12,400 events`.
    static func count(_ number: Int, _ singular: String, _ plural: String? = nil) -> String {
        "\(grouped(Double(number))) \(number == 1 ? singular : plural ?? singular + "s")"
    }

    private static func bytes(_ value: Double) -> String {
        var value = value
        var units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"][...]
        while abs(value) >= 1024, units.count > 1 {
            value /= 1024
            units.removeFirst()
        }
        return significant(value) + " " + (units.first ?? "B")
    }

    /// Formats values below 99.5 with two significant digits, larger ones as whole numbers with
    /// thousands separators.
    private static func significant(_ value: Double) -> String {
        let size = abs(value)
        if size == 0 { return "0" }
        if size >= 99.5 { return grouped(value) }
        var places = 0
        var scaled = size
        while scaled < 9.95, places < 6 {
            scaled *= 10
            places += 1
        }
        let text = fixed(value, places: places)
        guard text.contains(".") else { return text }
        let trimmed = text.reversed().drop { $0 == "0" }
        return String(String((trimmed.first == "." ? trimmed.dropFirst() : trimmed).reversed()))
    }

    /// Formats with `places` decimals, rounding halves away from zero.
    private static func fixed(_ value: Double, places: Int) -> String {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = (abs(value) * scale).rounded(.toNearestOrAwayFromZero)
        guard scaled < 9e15 else { return "\(value)" }
        let digits = String(Int64(scaled))
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let sign = value < 0 && scaled > 0 ? "−" : ""
        guard places > 0 else { return sign + padded }
        return sign + padded.dropLast(places) + "." + padded.suffix(places)
    }

    private static func grouped(_ value: Double) -> String {
        let text = fixed(value, places: 0)
        let digits = text.drop { !$0.isNumber }
        guard digits.allSatisfy(\.isNumber), digits.count > 3 else { return text }
        var out = ""
        for (i, digit) in digits.enumerated() {
            if i > 0, (digits.count - i) % 3 == 0 { out.append(",") }
            out.append(digit)
        }
        return text.prefix(text.count - digits.count) + out
    }
}
