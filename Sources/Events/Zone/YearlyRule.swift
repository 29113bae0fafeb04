/// The part of a zone that repeats every year: the footer of a TZif file, a POSIX `TZ` text such
/// as `CET-1CEST,M3.5.0,M10.5.0/3` (RFC 9636 §3.3.1).
struct YearlyRule: Sendable, Hashable {
    /// A day and a time of it, local, at which clocks change.
    enum Day: Sendable, Hashable {
        /// A weekday (0 is Sunday) of the week 1...5 of a month; 5 is the last.
        case weekday(month: Int, week: Int, day: Int)
        /// 1...365; 29 February is not counted.
        case julian(Int)
        /// 0...365; 29 February is counted.
        case ordinal(Int)
    }

    struct Change: Sendable, Hashable {
        let day: Day
        /// Of the day's midnight; may be negative, and beyond a day.
        let seconds: Int
    }

    /// Seconds east of UTC.
    private let standard: Int
    /// Nil for a zone without summer time.
    private let summer: Summer?

    private struct Summer: Sendable, Hashable {
        let offset: Int
        let begins: Change
        let ends: Change
    }

    func offset(at seconds: Int64) -> Int {
        guard let summer else { return standard }
        let year = CivilDay.year(of: (seconds + Int64(standard)).dividedDown(by: 86_400))
        let begin = moment(of: summer.begins, year) - Int64(standard)
        let end = moment(of: summer.ends, year) - Int64(summer.offset)
        let isSummer =
            begin < end ? seconds >= begin && seconds < end : seconds >= begin || seconds < end
        return isSummer ? summer.offset : standard
    }

    /// Local seconds since 1970.
    private func moment(of change: Change, _ year: Int64) -> Int64 {
        let january = CivilDay.number(year, 1, 1)
        let day: Int64
        switch change.day {
        case .julian(let number):
            let isAfterLeapDay = number >= 60 && CivilDay.isLeap(year)
            day = january + Int64(number - 1) + (isAfterLeapDay ? 1 : 0)
        case .ordinal(let number): day = january + Int64(number)
        case .weekday(let month, let week, let weekday):
            let first = CivilDay.number(year, month, 1)
            // 1970-01-01 was a Thursday.
            let skipped = (Int64(weekday) - (first + 4) % 7 + 14) % 7
            let next =
                month == 12 ? CivilDay.number(year + 1, 1, 1) : CivilDay.number(year, month + 1, 1)
            let wanted = first + skipped + Int64(week - 1) * 7
            day = wanted < next ? wanted : wanted - 7
        }
        return day * 86_400 + Int64(change.seconds)
    }

    // MARK: - Reading

    /// Nil for a text that is not of this form.
    init?(_ text: String) {
        var scanner = Scanner(rest: Array(text.utf8)[...])
        guard scanner.name(), let west = scanner.time() else { return nil }
        standard = -west
        guard !scanner.rest.isEmpty else {
            summer = nil
            return
        }
        guard scanner.name() else { return nil }
        var offset = standard + 3600
        if scanner.rest.first != UInt8(ascii: ",") {
            guard let west = scanner.time() else { return nil }
            offset = -west
        }
        guard let begins = scanner.change(), let ends = scanner.change(), scanner.rest.isEmpty
        else { return nil }
        summer = Summer(offset: offset, begins: begins, ends: ends)
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard let byte = rest.first, UInt32(byte) == character.value else { return false }
            rest.removeFirst()
            return true
        }

        /// `CET` or `<+03>`.
        mutating func name() -> Bool {
            if take("<") {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
                rest = rest[(end + 1)...]
                return true
            }
            let letters = rest.prefix { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
            rest = rest.dropFirst(letters.count)
            return letters.count >= 3
        }

        mutating func number(atMost limit: Int) -> Int? {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard (1...3).contains(digits.count) else { return nil }
            rest = rest.dropFirst(digits.count)
            let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            return number <= limit ? number : nil
        }

        /// `[+-]hh[:mm[:ss]]` in seconds.
        mutating func time() -> Int? {
            let sign = take("-") ? -1 : 1
            if sign == 1 { _ = take("+") }
            guard let hours = number(atMost: 167) else { return nil }
            var seconds = hours * 3600
            for unit in [60, 1] where take(":") {
                guard let part = number(atMost: 59) else { return nil }
                seconds += part * unit
            }
            return sign * seconds
        }

        /// `,M3.5.0/2`, `,J60` or `,59`.
        mutating func change() -> Change? {
            guard take(",") else { return nil }
            let day: Day
            if take("M") {
                guard let month = number(atMost: 12), month >= 1, take("."),
                    let week = number(atMost: 5), week >= 1, take("."),
                    let weekday = number(atMost: 6)
                else { return nil }
                day = .weekday(month: month, week: week, day: weekday)
            } else if take("J") {
                guard let number = number(atMost: 365), number >= 1 else { return nil }
                day = .julian(number)
            } else {
                guard let number = number(atMost: 365) else { return nil }
                day = .ordinal(number)
            }
            guard take("/") else { return Change(day: day, seconds: 7200) }
            return time().map { Change(day: day, seconds: $0) }
        }
    }
}

/// Days of the Gregorian calendar as numbers, 0 for 1970-01-01.
private enum CivilDay {
    static func isLeap(_ year: Int64) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    static func number(_ year: Int64, _ month: Int, _ day: Int) -> Int64 {
        // Years that begin in March end with their leap day.
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.dividedDown(by: 400)
        let ofEra = shifted - era * 400
        let ofYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    static func year(of number: Int64) -> Int64 {
        var year = 1970 + number.dividedDown(by: 365)
        while self.number(year, 1, 1) > number { year -= 1 }
        return year
    }
}
