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

    init(of event: Event) {
        if event.event.hasPrefix("rollout."), let ending = Self.endings[event.event] {
            self = .outcome(ending)
        } else if let status = event.status {
            self = .verdict(status)
        } else if let status = Self.verdicts[event.event] {
            self = .verdict(status)
        } else if event.extra("unmeasured") != nil {
            // Asked again within seconds: what stays unmeasured becomes `unknown`.
            self = .neutral
        } else if Self.notices.contains(event.event) || event.level >= .warn {
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
