public import Events
import JSON

/// Who looks after an incident: reminders stop until it gets worse or the time is over.
public struct Acknowledgement: Sendable, Hashable {
    /// Untrusted, bounded.
    public let who: String
    public let why: String
    public let until: Timestamp

    init(who: String, why: String, until: Timestamp) {
        self.who = who.clipped(to: Bounds.name)
        self.why = why.clipped(to: Bounds.words)
        self.until = until
    }

    /// Reads an `incident.acknowledged` event; nil if it ends an acknowledgement.
    init?(_ line: EventView) {
        guard let until = line.extra("until")?.string.flatMap({ Timestamp(rfc3339: $0) }),
            until > line.ts
        else { return nil }
        self.init(
            who: line.extra("who")?.string ?? "", why: line.extra("why")?.string ?? "",
            until: until)
    }

    // MARK: - Stored form

    func write(to w: inout JSONWriter) {
        w.object { w in
            w.member("who", who)
            w.member("why", why)
            w.member("until", Int(until.milliseconds))
        }
    }

    init?(tree: JSONValue) {
        guard let until = tree.moment("until") else { return nil }
        self.init(
            who: tree["who"]?.string ?? "", why: tree["why"]?.string ?? "", until: until)
    }
}

extension EventView {
    /// The incident that the line is about; nil if it names none.
    var incident: String? { extra("incident")?.string }
}

extension [Change] {
    /// Whether the incident got worse, which ends an acknowledgement.
    var areWorse: Bool {
        contains { change in
            switch change {
            case .place, .worse, .lastChance, .failureLimit, .inconclusiveLimit, .paused, .runs:
                true
            case .metric, .notice, .policy, .binary, .flapping, .acknowledged, .released: false
            }
        }
    }
}
