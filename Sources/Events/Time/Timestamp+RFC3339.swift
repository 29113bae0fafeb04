extension Timestamp {
    /// The time in RFC 3339, in UTC with three fractional digits: `2026-11-23T06:00:00.123Z`.
    public var rfc3339: String { formatted(isBasic: false) }

    /// The time in ISO 8601 basic format, valid in file names: `20261123T060000.123Z`.
    public var basic: String { formatted(isBasic: true) }

    /// The date in UTC: `2026-11-23`.
    public var date: String {
        let text = rfc3339
        return String(text[..<(text.utf8.firstIndex(of: UInt8(ascii: "T")) ?? text.endIndex)])
    }

    /// Hours and minutes in UTC: `06:00Z`.
    public var clockTime: String {
        let (_, inDay) = split
        return String(unsafeUninitializedCapacity: 6) { buffer in
            var out = DigitWriter(buffer: buffer)
            out.put(inDay / 3_600_000, 2)
            out.put(UInt8(ascii: ":"))
            out.put(inDay / 60_000 % 60, 2)
            out.put(UInt8(ascii: "Z"))
            return out.at
        }
    }

    /// The days since 1970 and the milliseconds of the day.
    private var split: (days: Int64, inDay: Int64) {
        let days = milliseconds.floorDivided(by: 86_400_000)
        // The remainder fits a day; for the earliest times the product alone overflows `Int64`.
        return (days, milliseconds &- days &* 86_400_000)
    }

    private func formatted(isBasic: Bool) -> String {
        let (days, inDay) = split
        let (year, month, day) = Self.civil(fromDays: days)
        let isShort = (0...9999).contains(year)
        let text = String(unsafeUninitializedCapacity: 24) { buffer in
            var out = DigitWriter(buffer: buffer)
            func separate(_ byte: UInt8) { if !isBasic { out.put(byte) } }
            out.put(isShort ? year : 0, 4)
            separate(UInt8(ascii: "-"))
            out.put(month, 2)
            separate(UInt8(ascii: "-"))
            out.put(day, 2)
            out.put(UInt8(ascii: "T"))
            out.put(inDay / 3_600_000, 2)
            separate(UInt8(ascii: ":"))
            out.put(inDay / 60_000 % 60, 2)
            separate(UInt8(ascii: ":"))
            out.put(inDay / 1000 % 60, 2)
            out.put(UInt8(ascii: "."))
            out.put(inDay % 1000, 3)
            out.put(UInt8(ascii: "Z"))
            return out.at
        }
        return isShort ? text : padded(year, 4) + String(text.dropFirst(4))
    }

    /// Parses an RFC 3339 date-time with any offset.
    ///
    /// Truncates fractions to milliseconds. A leap second reads as the second after it.
    /// Returns nil for other text and for dates that do not exist.
    public init?(rfc3339 text: some StringProtocol) {
        var bytes = Array(text.utf8)[...]

        func digits(_ count: Int) -> Int64? {
            guard bytes.count >= count else { return nil }
            var value: Int64 = 0
            for byte in bytes.prefix(count) {
                guard byte &- 0x30 < 10 else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            bytes.removeFirst(count)
            return value
        }
        func eat(_ accepted: Character...) -> Bool {
            guard let byte = bytes.first, accepted.contains(Character(Unicode.Scalar(byte))) else {
                return false
            }
            bytes.removeFirst()
            return true
        }

        guard let year = digits(4), eat("-"), let month = digits(2), eat("-"), let day = digits(2),
            eat("T", "t", " "), let hour = digits(2), eat(":"), let minute = digits(2), eat(":"),
            let second = digits(2), (1...12).contains(month), (0...23).contains(hour),
            (0...59).contains(minute), (0...60).contains(second),
            day >= 1, day <= Self.days(inMonth: month, of: year)
        else { return nil }

        var fraction: Int64 = 0
        if eat(".") {
            var scale: Int64 = 100
            var any = false
            while let byte = bytes.first, byte &- 0x30 < 10 {
                fraction += Int64(byte - 0x30) * scale
                scale /= 10
                any = true
                bytes.removeFirst()
            }
            guard any else { return nil }
        }

        var offsetMinutes: Int64 = 0
        if !eat("Z", "z") {
            let sign: Int64
            if eat("+") { sign = 1 } else if eat("-") { sign = -1 } else { return nil }
            guard let h = digits(2), eat(":"), let m = digits(2), h < 24, m < 60 else { return nil }
            offsetMinutes = sign * (h * 60 + m)
        }
        guard bytes.isEmpty else { return nil }

        let days = Self.days(fromCivil: year, month, day)
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offsetMinutes * 60
        self.init(milliseconds: seconds * 1000 + fraction)
    }

    // Conversions between days and civil dates in the proleptic Gregorian calendar: Howard
    // Hinnant, "chrono-Compatible Low-Level Date Algorithms".

    static func days(fromCivil year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = y.floorDivided(by: 400)
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Int64 {
    /// - Parameter divisor: At least 2.
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

/// Writes decimal digits into a buffer that has room for them.
private struct DigitWriter {
    let buffer: UnsafeMutableBufferPointer<UInt8>
    private(set) var at = 0

    init(buffer: UnsafeMutableBufferPointer<UInt8>) { self.buffer = buffer }

    mutating func put(_ byte: UInt8) {
        buffer[at] = byte
        at &+= 1
    }

    /// - Parameter value: At least 0 and below 10^`width`.
    mutating func put(_ value: Int64, _ width: Int) {
        var rest = value
        for place in (at..<at &+ width).reversed() {
            buffer[place] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
            rest /= 10
        }
        at &+= width
    }
}

private func padded(_ number: Int64, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
}
