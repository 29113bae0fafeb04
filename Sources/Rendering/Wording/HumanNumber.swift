import Events

/// Formats numbers for people: `1.9 %`, `420 ms`, `+0.4 pp`.
enum HumanNumber {
    /// The number of significant digits where nothing needs more.
    static let fewDigits = 2
    /// More would show how a number was computed.
    private static let mostDigits = 15

    /// Formats a value with its unit; nil is "no data".
    ///
    /// - Parameter digits: Significant digits after which fractions are rounded.
    static func text(_ value: Double?, _ unit: MetricUnit, digits: Int = fewDigits) -> String {
        guard let value else { return "no data" }
        guard value.isFinite else { return value.isNaN ? "no number" : "∞" }
        func short(_ value: Double) -> String { significant(value, digits) }
        switch unit {
        case .ratio: return short(value * 100) + " %"
        case .milliseconds:
            return abs(value) < 9999.5
                ? short(value) + " ms" : text(value / 1000, .seconds, digits: digits)
        case .seconds:
            // A span has whole seconds.
            if abs(value) < 59.5 || digits > fewDigits { return short(value) + " s" }
            return span(.seconds(min(max(value, -1e12), 1e12)))
        case .days: return short(value) + " d"
        case .bytes: return bytes(value, digits)
        case .perSecond: return short(value) + " /s"
        case .count: return short(value)
        case .flag: return value == 0 ? "no" : "yes"
        }
    }

    /// The fewest digits with which the two values of each pair have different texts, if they
    /// differ.
    ///
    /// With the same digits for both, the greater value never has the text of a smaller one.
    static func digits(_ pairs: [(Double?, Double?)], _ unit: MetricUnit) -> Int {
        guard unit != .flag else { return fewDigits }
        let differing = pairs.filter { a, b in
            guard let a, let b else { return false }
            return a.isFinite && b.isFinite && a != b
        }
        return (fewDigits..<mostDigits).first { digits in
            differing.allSatisfy {
                text($0, unit, digits: digits) != text($1, unit, digits: digits)
            }
        } ?? mostDigits
    }

    /// Formats two values so that different values have different texts.
    static func pair(_ a: Double?, _ b: Double?, _ unit: MetricUnit) -> (String, String) {
        let digits = digits([(a, b)], unit)
        return (text(a, unit, digits: digits), text(b, unit, digits: digits))
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
        if unit == .ratio { return sign + significant(size * 100, fewDigits) + " pp" }
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
        let text = (0..<1000).contains(number) ? "\(number)" : grouped(Double(number))
        return "\(text) \(number == 1 ? singular : plural ?? "\(singular)s")"
    }

    private static func bytes(_ value: Double, _ digits: Int) -> String {
        var value = value
        var units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"][...]
        // What rounds to 1024 has the next unit, or two texts would state one number.
        while abs(value) >= 1023.5, units.count > 1 {
            value /= 1024
            units.removeFirst()
        }
        return significant(value, digits) + " " + (units.first ?? "B")
    }

    /// Formats fractions with `digits` significant digits; no digit before the point is rounded.
    /// Thousands are separated.
    private static func significant(_ value: Double, _ digits: Int) -> String {
        let size = abs(value)
        if size == 0 { return "0" }
        var least = 1.0
        for _ in 1..<digits { least *= 10 }
        var places = 0
        var scaled = size
        while scaled < least - 0.05, places < digits + 4 {
            scaled *= 10
            places += 1
        }
        let text = grouped(fixed(value, places: places))
        guard text.contains("."), !text.contains("e") else { return text }
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

    private static func grouped(_ value: Double) -> String { grouped(fixed(value, places: 0)) }

    /// Separates the thousands before the point; a text with an exponent stays as it is.
    private static func grouped(_ text: String) -> String {
        let unsigned = text.drop { !$0.isNumber }
        let whole = unsigned.prefix(while: \.isNumber)
        guard whole.count > 3, unsigned.allSatisfy({ $0.isNumber || $0 == "." }) else {
            return text
        }
        var out = String(text.prefix(text.count - unsigned.count))
        for (i, digit) in whole.enumerated() {
            if i > 0, (whole.count - i) % 3 == 0 { out.append(",") }
            out.append(digit)
        }
        return out + String(unsigned.dropFirst(whole.count))
    }
}
