import Events

/// What an event means to the digests.
enum EventRole: Equatable {
    /// One attempt's verdict in one place.
    case verdict(VerdictStatus)
    /// An event to report that has no recovery: a refusal, a dead delivery, lost
    /// lines, a sender's own warning.
    case notice
    /// The run ended: `aborted`, `promoted`, `completed`, or `paused` until a person
    /// decides.
    case outcome(String)
    /// Not reported.
    case neutral

    /// Whether the event can report facts about the rollout. Healthy verdicts, the bulk of all
    /// lines, are not searched for them.
    @inline(always)
    var mayCarryContext: Bool { self != .verdict(.healthy) }

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

extension EventView {
    /// The meaning of the line for digests. An initializer of `EventRole` would copy the line.
    var role: EventRole {
        // Most lines are verdicts of this system, which the next two checks identify.
        let mayEnd = plain(.event)?.first.map { $0 == UInt8(ascii: "r") } ?? true
        if mayEnd, let ending = EventRole.endings[text(.event) ?? ""] { return .outcome(ending) }
        if let status { return .verdict(status) }
        let name = text(.event) ?? ""
        if let status = EventRole.verdicts[name] { return .verdict(status) }
        // The caller retries within seconds; repeated failures become `unknown`.
        if extra("unmeasured") != nil { return .neutral }
        return EventRole.notices.contains(name) || level >= .warn ? .notice : .neutral
    }
}
