/// Parses and formats durations such as `500ms`, `2.5s`, `5m`, `1h30m` and `7d`.
public enum DurationText {
    /// Returns nil for malformed or negative text, and for a part of about a hundred years or more.
    public static func parse(_ text: some StringProtocol) -> Duration? {
        var total: Duration = .zero
        var rest = Substring(text)
        guard !rest.isEmpty else { return nil }
        if rest == "0" { return .zero }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard !digits.isEmpty, digits.first != ".", digits.last != ".",
                let number = Double(digits)
            else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            let milliseconds: Double
            switch unit {
            case "ms": milliseconds = 1
            case "s": milliseconds = 1000
            case "m": milliseconds = 60_000
            case "h": milliseconds = 3_600_000
            case "d": milliseconds = 86_400_000
            default: return nil
            }
            let span = (number * milliseconds).rounded()
            guard span < 3.2e12 else { return nil }
            total += .milliseconds(Int64(span))
        }
        return total
    }

    /// Formats the duration in the largest unit that divides its whole milliseconds.
    public static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)]
            as [(String, Int64)]
        where milliseconds != 0 && milliseconds % size == 0 {
            return "\(milliseconds / size)\(unit)"
        }
        return milliseconds == 0 ? "0s" : "\(milliseconds)ms"
    }
}

/// Parses and formats byte counts such as `64KiB`, `1.5GiB` and `4096`.
public enum SizeText {
    private static let units: [(String, Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    /// Returns nil for malformed text, fractions of a byte, and more than 2^60 bytes.
    public static func parse(_ text: some StringProtocol) -> Int? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard !digits.isEmpty, digits.first != ".", digits.last != ".", let number = Double(digits)
        else { return nil }
        let unit = text.dropFirst(digits.count)
        guard let size = unit.isEmpty ? 1 : units.first(where: { $0.0 == unit })?.1 else {
            return nil
        }
        let bytes = number * Double(size)
        guard bytes == bytes.rounded(), bytes <= Double(1 << 60) else { return nil }
        return Int(bytes)
    }

    /// Formats the count exactly, in the largest unit that divides it.
    public static func text(_ bytes: Int) -> String {
        for (unit, size) in units where bytes != 0 && bytes % size == 0 {
            return size == 1 ? "\(bytes)" : "\(bytes / size)\(unit)"
        }
        return "\(bytes)"
    }
}
