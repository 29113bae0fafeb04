extension Timestamp {
    /// Parses `2026-11-23T06:00:00Z`, with or without a fraction of a second, without allocating.
    ///
    /// Returns nil for every other form, even a valid one. Truncates fractions to milliseconds.
    public init?(utc text: UnsafeRawBufferPointer) {
        guard text.count == 20 || 22...30 ~= text.count,
            text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] == UInt8(ascii: "T"), text[13] == UInt8(ascii: ":"),
            text[16] == UInt8(ascii: ":"), text[text.count - 1] == UInt8(ascii: "Z")
        else { return nil }
        var valid = true
        @inline(__always) func number(_ at: Int, _ count: Int) -> Int64 {
            var value: Int64 = 0
            for i in at..<at + count {
                let digit = text[i] &- 0x30
                if digit > 9 { valid = false }
                value = value &* 10 &+ Int64(digit)
            }
            return value
        }
        let (year, month, day) = (number(0, 4), number(5, 2), number(8, 2))
        let (hour, minute, second) = (number(11, 2), number(14, 2), number(17, 2))
        var fraction: Int64 = 0
        if text.count > 20 {
            guard text[19] == UInt8(ascii: ".") else { return nil }
            let digits = text.count - 21
            fraction = number(20, digits)
            if digits < 3 { fraction *= digits == 1 ? 100 : 10 }
            for _ in 0..<max(0, digits - 3) { fraction /= 10 }
        }
        // Leap seconds are handled by `init(rfc3339:)`.
        guard valid, month >= 1, month <= 12, day >= 1,
            day <= 28 || day <= Self.days(inMonth: month, of: year), hour < 24, minute < 60,
            second < 60
        else { return nil }
        self.init(
            milliseconds: ((Self.days(fromCivil: year, month, day) * 24 + hour) * 60 + minute)
                * 60_000 + second * 1000 + fraction)
    }
}
