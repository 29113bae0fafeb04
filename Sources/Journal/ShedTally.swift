import Events
import JSONScan

/// What the log has not kept and not told yet.
struct ShedTally: Sendable, Equatable {
    /// Lines that are lost.
    var lost = KindCounts()
    /// Lines whose senders were told to come again; those that come three times
    /// count three times.
    var deferred = 0
    var reason = ShedReason.quota

    var isEmpty: Bool { lost.isEmpty && deferred == 0 }

    static func += (a: inout ShedTally, b: ShedTally) {
        a.lost += b.lost
        a.deferred += b.deferred
        a.reason = b.reason
    }

    private static func count(_ lines: Int) -> String { "\(Count(clamping: lines).value)" }

    /// The event `log.shed`; `count` is what is lost.
    func event(at time: Timestamp) -> Event {
        var words = "the log was under pressure (\(reason.rawValue))"
        if !lost.isEmpty { words += ": \(lost.total) lines lost (\(lost.words))" }
        if deferred > 0 { words += "; \(deferred) were told to come again" }
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
