public import Events

/// A period in which matching digests are not sent.
///
/// Silenced groups keep their state. If a failure persists at the end of the
/// period, its message covers all lines since the last one.
public struct Silence: Sendable, Hashable {
    public enum Schedule: Sendable, Hashable {
        case once(from: Timestamp, until: Timestamp)
        /// On the given days (0 is Sunday), between two minutes of the day, in a time zone. A span
        /// that does not end after its start crosses midnight and belongs to the day of its start.
        /// A start that clocks show twice is the first one; such an end is the last.
        case weekly(days: Set<Int>, fromMinute: Int, untilMinute: Int, zone: ZoneRules)
    }

    public var id: String
    /// Which digests are held back: those that it covers.
    public var filter: Filter
    public var schedule: Schedule
    /// Who set it, and why, to show in messages.
    public var who: String
    public var why: String

    public init(id: String, filter: Filter, schedule: Schedule, who: String, why: String) {
        self.id = id
        self.filter = filter
        self.schedule = schedule
        self.who = who
        self.why = why
    }

    /// The end of the period that includes `now`; nil if none does.
    public func end(at now: Timestamp) -> Timestamp? {
        switch schedule {
        case .once(let from, let until): return now >= from && now < until ? until : nil
        case .weekly(let days, let from, let until, let zone):
            let seconds = now.milliseconds.dividedDown(by: 1000)
            let today = (seconds +| Int64(zone.offset(at: seconds))).dividedDown(by: 86_400)
            // The latest end of those that cover the moment: around a change of the clocks
            // two days' spans may.
            var latest: Timestamp?
            // 1970-01-01 was a Thursday.
            for day in [today - 1, today] where days.contains(Int((day + 4).modulo(7))) {
                let midnight = day * 86_400
                let start = zone.moment(local: midnight + Int64(from) * 60)
                let end = zone.moment(
                    local: midnight + Int64(until > from ? until : until + 1440) * 60, isLast: true)
                guard seconds >= start, seconds < end else { continue }
                let moment = Timestamp(milliseconds: end *| 1000)
                latest = max(latest ?? moment, moment)
            }
            return latest
        }
    }

    /// Until when `digest` is held back; nil if it is not.
    func silences(_ digest: Digest, at now: Timestamp) -> Timestamp? {
        guard let end = end(at: now), filter.covers(digest) else {
            return nil
        }
        return end
    }
}

extension Int64 {
    fileprivate func dividedDown(by divisor: Int64) -> Int64 {
        (self - modulo(divisor)) / divisor
    }

    fileprivate func modulo(_ divisor: Int64) -> Int64 {
        let rest = self % divisor
        return rest < 0 ? rest + divisor : rest
    }
}
