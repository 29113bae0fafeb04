import Events
import JSON
import State

/// A silence that was added or ended, as a line of the log.
enum SilenceDecision {
    case added(SilenceTable.Row)
    case expired(id: String, at: Timestamp)

    /// The line.
    ///
    /// - Parameter caller: The name of the credential that changes the silence; nil for a command
    ///   on this machine.
    func event(by caller: String? = nil) -> Event {
        var event = line
        if let caller { event.extra.append(.init("caller", .string(caller))) }
        return event
    }

    private var line: Event {
        switch self {
        case .added(let row):
            Event(
                ts: row.created, event: EventName.silenceAdded,
                message:
                    "\(row.who) silences \(row.matchers) until \(row.until.rfc3339): \(row.why)",
                extra: [
                    .init("silence", .string(row.id)), .init("matchers", .string(row.matchers)),
                    .init("from", .string(row.from.rfc3339)),
                    .init("until", .string(row.until.rfc3339)),
                    .init("who", .string(row.who)), .init("why", .string(row.why)),
                ])
        case .expired(let id, let moment):
            Event(
                ts: moment, event: EventName.silenceExpired, message: "silence \(id) was ended",
                extra: [.init("silence", .string(id))])
        }
    }

    /// The decision of a line; nil for another one.
    init?(_ event: Event) {
        guard let id = event.extra("silence")?.string else { return nil }
        func moment(_ name: String) -> Timestamp? {
            event.extra(name)?.string.flatMap { Timestamp(rfc3339: $0) }
        }
        switch event.event {
        case EventName.silenceExpired: self = .expired(id: id, at: event.ts)
        case EventName.silenceAdded:
            guard let matchers = event.extra("matchers")?.string, let from = moment("from"),
                let until = moment("until")
            else { return nil }
            self = .added(
                SilenceTable.Row(
                    id: id, matchers: matchers, from: from, until: until,
                    who: event.extra("who")?.string ?? "", why: event.extra("why")?.string ?? "",
                    created: event.ts))
        default: return nil
        }
    }

    func apply(_ db: Store.Transaction) throws {
        switch self {
        case .added(let row): try SilenceTable.add(db, row)
        case .expired(let id, let moment): _ = try SilenceTable.expire(db, id: id, at: moment)
        }
    }
}
