import Core
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A value that a filter compares with, as it was written.
public struct FilterValue: Sendable, Hashable {
    /// What a number with a unit measures. The number is then in the unit that is named here.
    enum Quantity: Sendable, Hashable {
        /// 0 to 1.
        case share
        /// Milliseconds.
        case time
        case bytes

        /// Returns what the quantity's unit is to be multiplied by to give `unit`; nil if `unit`
        /// measures something else.
        func factor(to unit: MetricUnit) -> Double? {
            switch (self, unit) {
            case (.share, .ratio), (.time, .milliseconds), (.bytes, .bytes): 1
            case (.time, .seconds): 1e-3
            case (.time, .days): 1 / 86_400_000
            default: nil
            }
        }
    }

    public let text: String
    /// Whether it was written in quotes, and would have a unit or wildcards without them.
    public let isQuoted: Bool
    /// The text's UTF-8.
    let bytes: [UInt8]
    /// The number that the text spells; in the unit of `quantity` if it has a unit.
    let number: Double?
    let quantity: Quantity?
    /// The text as a pattern; nil without wildcards.
    let wildcard: Wildcard?

    public init(_ text: String, isQuoted: Bool = false) {
        self.text = text
        // Quotes make no difference for most values.
        self.isQuoted =
            isQuoted
            && (text.contains("*") || Self.measure(text) != nil || Self.hasUnknownUnit(text))
        bytes = Array(text.utf8)
        let measured = isQuoted ? nil : Self.measure(text)
        number = measured?.number ?? Self.decimal(text)
        quantity = measured?.quantity
        wildcard = isQuoted || !text.contains("*") ? nil : Wildcard(text)
    }

    /// Parses a finite decimal number. `Double` alone also accepts `nan`, `inf` and hexadecimals.
    static func decimal(_ text: some StringProtocol) -> Double? {
        guard text.utf8.allSatisfy({ $0 &- 0x30 < 10 || "+-.eE".utf8.contains($0) }),
            let number = Double(text), number.isFinite
        else { return nil }
        return number
    }

    private static let units: [(suffix: String, size: Double, quantity: Quantity)] = [
        ("%", 0.01, .share), ("ms", 1, .time), ("us", 1e-3, .time), ("s", 1e3, .time),
        ("m", 6e4, .time), ("h", 3.6e6, .time), ("d", 8.64e7, .time), ("KiB", 1024, .bytes),
        ("MiB", 1_048_576, .bytes), ("GiB", 1_073_741_824, .bytes),
        ("TiB", 1_099_511_627_776, .bytes), ("B", 1, .bytes),
    ]

    /// The units that a number may have.
    static let unitNames = units.map(\.suffix).joined(separator: ", ")

    /// Whether the text is a number with letters behind it that are no unit.
    var hasUnknownUnit: Bool { Self.hasUnknownUnit(text) }

    private static func hasUnknownUnit(_ text: String) -> Bool {
        let letters = text.reversed().prefix { $0.isASCII && $0.isLetter }.count
        return letters > 0 && letters < text.count && measure(text) == nil
            && decimal(text.dropLast(letters)) != nil
    }

    private static func measure(_ text: String) -> (number: Double, quantity: Quantity)? {
        guard let unit = units.first(where: { text.hasSuffix($0.suffix) }),
            let number = decimal(text.dropLast(unit.suffix.count))
        else { return nil }
        // `0.01 * 5` is not 0.05: a division rounds once.
        let value = unit.quantity == .share ? number / 100 : number * unit.size
        return value.isFinite ? (value, unit.quantity) : nil
    }

    /// The value as a filter spells it.
    var spelling: String {
        // In quotes, `*` is no wildcard.
        let highest: UInt8 = wildcard == nil ? 0x7E : 0xFF
        let isPlain =
            !isQuoted && !bytes.isEmpty && !text.contains { $0.isWhitespace }
            && bytes.allSatisfy { byte in
                byte > 0x20 && byte != 0x7F && byte <= highest
                    && !"=!<>~\"'(),".utf8.contains(byte)
            }
        return isPlain ? text : Self.quoted(text)
    }

    /// The text as a JSON string.
    static func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.value(text)
        return writer.text
    }
}

extension UnsafeRawBufferPointer {
    /// Whether `bytes` are found at `start`.
    public func holds(_ bytes: [UInt8], at start: Int) -> Bool {
        guard start >= 0, start + bytes.count <= count else { return false }
        guard let base = baseAddress, !bytes.isEmpty else { return bytes.isEmpty }
        return memcmp(base + start, bytes, bytes.count) == 0
    }

    /// The index of the first occurrence of `needle`, which is not empty, at or after `start`.
    func place(of needle: [UInt8], from start: Int) -> Int? {
        guard let base = baseAddress else { return nil }
        var at = start
        while at + needle.count <= count {
            guard let found = memchr(base + at, Int32(needle[0]), count - needle.count + 1 - at)
            else { return nil }
            at = UnsafeRawPointer(found) - base
            if holds(needle, at: at) { return at }
            at += 1
        }
        return nil
    }
}
