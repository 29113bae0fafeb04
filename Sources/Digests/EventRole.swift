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

    fileprivate static let endings = [
        "rollout.aborted": "aborted", "rollout.promoted": "promoted",
        "rollout.completed": "completed", "rollout.paused": "paused",
    ]

    fileprivate static let verdicts: [String: VerdictStatus] = [
        EventName.healthy: .healthy, EventName.recovered: .healthy, EventName.degraded: .degraded,
        EventName.unknown: .unknown, EventName.unhealthy: .unhealthy,
    ]

    fileprivate static let notices: Set<String> = [
        EventName.authRefused, EventName.requestRefused, EventName.rateLimited,
        EventName.deliveryDead, EventName.logShed, EventName.logGap,
        EventName.logQuarantined,
        EventName.logDamaged, EventName.logPressure, EventName.logTrimmed,
        EventName.comparabilityChanged, EventName.templateFault, EventName.rehearsalStarted,
        EventName.rehearsalFinished, EventName.rehearsalFailed,
    ]
}

extension EventLine {
    /// What it means to the digests. Not an initializer, which would take a copy of the line.
    var role: EventRole {
        // Most lines are verdicts of our own, told by two looks.
        let mayEnd = plain(.event)?.first.map { $0 == UInt8(ascii: "r") } ?? true
        if mayEnd, let ending = EventRole.endings[text(.event) ?? ""] { return .outcome(ending) }
        if let status { return .verdict(status) }
        let name = text(.event) ?? ""
        if let status = EventRole.verdicts[name] { return .verdict(status) }
        // Asked again within seconds: what stays unmeasured becomes `unknown`.
        if extra("unmeasured") != nil { return .neutral }
        return EventRole.notices.contains(name) || level >= .warn ? .notice : .neutral
    }
}
