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
}

extension EventView {
    /// The meaning of the line for digests. An initializer of `EventRole` would copy the line.
    var role: EventRole {
        // Most lines are verdicts of this system, which the next two checks identify.
        let mayEnd = plain(.event)?.first.map { $0 == UInt8(ascii: "r") } ?? true
        if !mayEnd, let status { return .verdict(status) }
        let kind = self[.event].flatMap { EventName.kind($0, in: bytes) }
        if case .outcome(let outcome)? = kind { return .outcome(outcome.rawValue) }
        if let status { return .verdict(status) }
        switch kind {
        case .verdict(let status): return .verdict(status)
        case .recovery: return .verdict(.healthy)
        default: break
        }
        // The caller retries within seconds; repeated failures become `unknown`.
        if extra("unmeasured") != nil { return .neutral }
        switch kind {
        case .refusal, .fault, .notice: return .notice
        default: return level >= .warn ? .notice : .neutral
        }
    }
}
