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
