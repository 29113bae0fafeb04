import Events
import JSON

/// Lines that the log did not store and has not reported yet.
struct ShedTally: Sendable, Equatable {
    /// Lines that are lost.
    var lost = KindCounts()
    /// Lines whose senders were asked to retry. A line that is refused three times counts three
    /// times.
    var deferred = 0
    var reason = ShedReason.quota

    var isEmpty: Bool { lost.isEmpty && deferred == 0 }

    static func += (a: inout ShedTally, b: ShedTally) {
        a.lost += b.lost
        a.deferred +|= b.deferred
        a.reason = b.reason
    }

    private static func count(_ lines: Int) -> String { "\(Count(clamping: lines).value)" }

    /// The event `log.shed`; `count` is the number of lost lines.
    func event(at time: Timestamp) -> Event {
        var words = "the log was under pressure (\(reason.rawValue))"
        if !lost.isEmpty { words += ": \(lost.total) lines lost (\(lost.words))" }
        if deferred > 0 { words += "; senders were asked to retry \(deferred) lines" }
        var extra: [JSONValue.Member] = [
            .init("reason", .string(reason.rawValue)),
            .init("count", .number(Self.count(lost.total))),
            .init("deferred", .number(Self.count(deferred))),
        ]
        for kind in LineKind.allCases {
            extra.append(.init(kind.name, .number(Self.count(lost[kind]))))
        }
        return Event(
            ts: time, level: .warn, event: EventName.logShed, message: words, extra: extra)
    }
}
