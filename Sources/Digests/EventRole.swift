import Events

/// What an event means to the digests.
enum EventRole: Equatable {
    /// One attempt's verdict in one place.
    case verdict(VerdictStatus)
    /// An event to report that has no recovery: a refusal, a dead delivery, lost
    /// lines, a sender's own warning.
    case notice
    /// The run ended: `aborted`, `promoted`, `completed`. Or it is `paused` until a person
    /// decides, or goes on: `resumed`.
    case outcome(String)
    /// A rehearsal starts or ends in its group.
    case rehearsal
    /// Not reported.
    case neutral

    fileprivate static let endings = [
        "rollout.aborted": "aborted", "rollout.promoted": "promoted",
        "rollout.completed": "completed", "rollout.paused": "paused",
        "rollout.resumed": "resumed",
    ]

    fileprivate static let verdicts: [String: VerdictStatus] = [
        EventName.healthy: .healthy, EventName.recovered: .healthy, EventName.degraded: .degraded,
        EventName.unknown: .unknown, EventName.unhealthy: .unhealthy,
    ]

    fileprivate static let notices: Set<String> = [
        EventName.logShed, EventName.logGap,
        EventName.logQuarantined,
        EventName.logDamaged, EventName.logPressure, EventName.logTrimmed,
        EventName.comparabilityChanged, EventName.templateFault,
    ]

    /// Reported already through other receivers.
    fileprivate static let reported: Set<String> = [
        EventName.receiverFailing, EventName.receiverRecovered,
    ]

    fileprivate static let rehearsals: Set<String> = [
        EventName.rehearsalStarted, EventName.rehearsalFinished, EventName.rehearsalFailed,
    ]
}

extension EventView {
    /// The meaning of the line for digests. An initializer of `EventRole` would copy the line.
    var role: EventRole {
        // Most lines are verdicts of this system, which the next two checks identify.
        let mayEnd = plain(.event)?.first.map { $0 == UInt8(ascii: "r") } ?? true
        if mayEnd, let ending = EventRole.endings[text(.event) ?? ""] { return .outcome(ending) }
        if let status { return extra(EventName.trial) == nil ? .verdict(status) : .neutral }
        let name = text(.event) ?? ""
        if EventRole.rehearsals.contains(name) { return .rehearsal }
        if let status = EventRole.verdicts[name] { return .verdict(status) }
        // The caller retries within seconds; repeated failures become `unknown`.
        if extra("unmeasured") != nil || EventRole.reported.contains(name) { return .neutral }
        // A refusal of a person's own request, or another dead letter to a bad address, is `info`.
        return EventRole.notices.contains(name) || level >= .warn ? .notice : .neutral
    }
}
