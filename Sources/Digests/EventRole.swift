import Events

/// What an event means to the digests.
enum EventRole: Equatable {
    /// One attempt's verdict in one place.
    case verdict(VerdictStatus)
    /// Something to tell that has no healthy counterpart: a refusal, a dead
    /// delivery, lost lines, a sender's own warning.
    case notice
    /// The run ended; its word for how (`aborted`, `promoted`, `completed`,
    /// `paused`: a person decides).
    case outcome(String)
    /// Nothing to tell.
    case neutral

    init(of line: EventLine) {
        // Most lines are verdicts of our own, told by two looks.
        let mayEnd = line.plain(.event)?.first.map { $0 == UInt8(ascii: "r") } ?? true
        if mayEnd, let ending = Self.endings[line.text(.event) ?? ""] {
            self = .outcome(ending)
        } else if let status = line.status {
            self = .verdict(status)
        } else {
            self.init(unjudged: line, named: line.text(.event) ?? "")
        }
    }

    private init(unjudged line: EventLine, named name: String) {
        if let status = Self.verdicts[name] {
            self = .verdict(status)
        } else if line.extra("unmeasured") != nil {
            // Asked again within seconds: what stays unmeasured becomes `unknown`.
            self = .neutral
        } else if Self.notices.contains(name) || line.level >= .warn {
            self = .notice
        } else {
            self = .neutral
        }
    }

    private static let endings = [
        "rollout.aborted": "aborted", "rollout.promoted": "promoted",
        "rollout.completed": "completed", "rollout.paused": "paused",
    ]

    private static let verdicts: [String: VerdictStatus] = [
        EventName.healthy: .healthy, EventName.recovered: .healthy, EventName.degraded: .degraded,
        EventName.unknown: .unknown, EventName.unhealthy: .unhealthy,
    ]

    private static let notices: Set<String> = [
        EventName.authRefused, EventName.requestRefused, EventName.rateLimited,
        EventName.deliveryDead, EventName.logShed, EventName.logGap,
        EventName.comparabilityChanged, EventName.templateFault, EventName.rehearsalStarted,
        EventName.rehearsalFinished, EventName.rehearsalFailed,
    ]
}
