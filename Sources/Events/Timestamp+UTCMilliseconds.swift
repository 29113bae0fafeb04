extension Timestamp {
    /// Reads `2026-11-23T06:00:00.123Z`, the form that our own lines have; nil for
    /// any other form, valid or not.
    public init?(utcMilliseconds text: UnsafeRawBufferPointer) {
        guard text.count == 24, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] == UInt8(ascii: "T"), text[13] == UInt8(ascii: ":"),
            text[16] == UInt8(ascii: ":"), text[19] == UInt8(ascii: "."),
            text[23] == UInt8(ascii: "Z")
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
        let fraction = number(20, 3)
        // Days that not every month has are left to the full reader.
        guard valid, month >= 1, month <= 12, day >= 1, day <= 28, hour < 24, minute < 60,
            second < 60
        else { return nil }
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        self.init(
            milliseconds: ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + fraction)
    }
}
