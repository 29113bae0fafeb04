import Core

public import Events

extension Settings {
    /// One entry of `silences`: a time in which matching digests are held back, once or weekly.
    public struct Silence: Sendable, Equatable {
        public enum Schedule: Sendable, Equatable {
            case once(from: Timestamp, until: Timestamp)
            /// On these days (0 is Sunday), between two minutes of the day in local time of the
            /// zone. An end before the start is on the next day.
            case weekly(days: [Int], fromMinute: Int, untilMinute: Int, zone: ZoneRules)
        }

        public var id: String
        /// Which digests are held back.
        public var filter: Filter
        public var schedule: Schedule
        public var who = ""
        public var why = ""

        static let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    }
}

extension Settings.Silence {
    /// Returns nil if the schedule is missing or invalid.
    init?(reading r: MappingReader, fields: FilterFields) {
        let id = r.name("id")
        let filter = r.filter(fields)
        if filter.isAll, !r.context.hasFault(within: r.path("where")),
            !r.context.hasFault(within: r.path("match"))
        {
            r.lacks(
                "the silence matches everything", "write match: {namespace: dev}, or where: [az~eu]"
            )
        }
        let who = r.plain("who", "")
        let why = r.plain("why", "")
        let schedule = Self.schedule(r)
        r.finish()
        guard let schedule else { return nil }
        self.init(id: id, filter: filter, schedule: schedule, who: who, why: why)
    }

    private static func schedule(_ r: MappingReader) -> Schedule? {
        let isWeekly = r.has("days") || (r.text("from") ?? "").utf8.count == 5
        let given = (r.text("from"), r.text("until"))
        guard let from = given.0, let until = given.1 else {
            r.lacks(
                "from and until are missing",
                "write from: \"22:00\" and until: \"06:00\", or two moments in RFC 3339")
            _ = (r.texts("days"), r.plain("utc_offset", ""), r.plain("timezone", ""))
            return nil
        }
        guard isWeekly else {
            guard let first = Timestamp(rfc3339: from), let last = Timestamp(rfc3339: until) else {
                r.fault(
                    "from", "from and until are not two moments",
                    "write \"22:00\" for every day, or 2026-11-23T22:00:00Z for once")
                return nil
            }
            if last <= first { r.fault("until", "not after from", "exchange them") }
            return .once(from: first, until: last)
        }
        var days: [Int] = []
        for (index, name) in r.texts("days", Self.days).enumerated() {
            if let day = Self.days.firstIndex(of: name) {
                days.append(day)
            } else {
                r.fault(
                    "days[\(index)]", "\(InertText.quoted(name)) is not a day",
                    Suggestion.remedy(for: name, among: Self.days))
            }
        }
        let zone = zone(r)
        let (start, end) = (minute(from), minute(until))
        for (key, text, minute) in [("from", from, start), ("until", until, end)]
        where minute == nil {
            r.fault(
                key, "\(InertText.quoted(text)) is not a time of day",
                "write \"22:00\", with quotes")
        }
        guard let first = start, let last = end else { return nil }
        return zone.map {
            .weekly(days: days.sorted(), fromMinute: first, untilMinute: last, zone: $0)
        }
    }

    /// Reads the zone of the times; UTC if none is given, nil after a fault.
    private static func zone(_ r: MappingReader) -> ZoneRules? {
        let offset = r.plain("utc_offset", "")
        let name = r.plain("timezone", "")
        if !name.isEmpty {
            if !offset.isEmpty {
                r.fault(
                    "utc_offset", "given beside timezone", "keep one of the two", atKey: true)
            }
            do throws(ZoneFiles.Fault) {
                return try ZoneFiles.read(name, environment: r.context.environment)
            } catch {
                r.fault("timezone", error.fault, error.remedy)
                return nil
            }
        }
        guard !offset.isEmpty else { return ZoneRules(offsetMinutes: 0) }
        let sign = offset.hasPrefix("-") ? -1 : 1
        guard offset.hasPrefix("+") || offset.hasPrefix("-"),
            let minutes = minute(String(offset.dropFirst())), minutes <= 14 * 60
        else {
            r.fault(
                "utc_offset", "\(InertText.quoted(offset)) is not an offset", "write \"+01:00\"")
            return nil
        }
        return ZoneRules(offsetMinutes: sign * minutes)
    }

    /// Parses `22:05` as a minute of the day.
    private static func minute(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard text.utf8.count == 5, parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }),
            text.unicodeScalars.allSatisfy({ $0.isDigit || $0 == ":" }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60
        else { return nil }
        return hour * 60 + minute
    }

    static func clock(_ minutes: Int) -> String {
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        return two(minutes / 60) + ":" + two(minutes % 60)
    }
}
