public import Events

/// One reason, with the number of its occurrences since the last message.
public struct ReasonTally: Sendable, Hashable {
    /// The occurrence furthest from its limit; its detail is cut to 400 characters.
    public internal(set) var reason: Reason
    public internal(set) var count: Int

    /// Whether check, rule and state are the same.
    func matches(_ other: Reason) -> Bool {
        reason.check == other.check && reason.why == other.why && reason.state == other.state
    }

    static func worstFirst(_ a: ReasonTally, _ b: ReasonTally) -> Bool {
        if a.reason.state != b.reason.state { return a.reason.state > b.reason.state }
        if a.count != b.count { return a.count > b.count }
        return (a.reason.check, a.reason.why) < (b.reason.check, b.reason.why)
    }
}

extension Reason {
    var bounded: Reason {
        Reason(
            check: check.clipped(to: Bounds.name), state: state, value: value?.finite,
            limit: limit?.finite, stable: stable?.finite, previous: previous?.finite,
            unit: unit, unproven: unproven, why: why.clipped(to: Bounds.name),
            detail: detail.clipped(to: Bounds.words))
    }
}

/// One kind of notice, with the number of its occurrences.
public struct NoticeCounts: Sendable, Hashable {
    /// The event's name.
    public let event: String
    /// The highest level of the occurrences.
    public internal(set) var level: Event.Level
    /// The message of the last one, untrusted, cut to 400 characters.
    public internal(set) var message: String
    /// The zone of the last one, else its node; empty if it has neither.
    public internal(set) var place: String
    /// Occurrences within the incident.
    public internal(set) var total: Int
    /// Occurrences since the last message.
    public internal(set) var unreported: Int

    static func worstFirst(_ a: NoticeCounts, _ b: NoticeCounts) -> Bool {
        if a.level != b.level { return a.level > b.level }
        if a.unreported != b.unreported { return a.unreported > b.unreported }
        return a.event < b.event
    }
}
