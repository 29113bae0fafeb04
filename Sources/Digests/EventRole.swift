import Events
import JSON

/// What an event means to the digests.
enum EventRole: Equatable {
    /// One attempt's verdict in one place.
    case verdict(VerdictStatus)
    /// An event to report that has no recovery: a refusal, a dead delivery, lost
    /// lines, a sender's own warning.
    case notice
    /// The run ended: `aborted`, `promoted`, `completed`. Or it is `paused` until a person
    /// decides, or continues: `resumed`.
    case outcome(String)
    /// A rehearsal starts or ends in its group.
    case rehearsal
    /// Somebody looks after an incident, or no longer does.
    case acknowledgement
    /// A rollout continues as planned: not reported, but it may carry facts about the rollout.
    case progress
    /// Not reported.
    case neutral

    /// Whether the event can report facts about the rollout. Healthy verdicts, the bulk of all
    /// lines, are not searched for them.
    @inline(always)
    var mayCarryContext: Bool { self != .verdict(.healthy) }

    /// Whether the event is about a run, and opens no incident: without a revision it belongs to the
    /// newest one.
    var isOfRunOnly: Bool {
        switch self {
        case .progress: true
        case .outcome(let word): word != "aborted"
        default: false
        }
    }
}

extension EventView {
    /// The meaning of the line for digests. An initializer of `EventRole` would copy the line.
    var role: EventRole {
        // Most lines are verdicts of this system, which the next two checks identify.
        let mayEnd = plain(.event)?.first.map { $0 == UInt8(ascii: "r") } ?? true
        if mayEnd, case .outcome(let outcome)? = eventKind { return .outcome(outcome.rawValue) }
        if let status {
            if isTrial { return .neutral }
            if status == .healthy, says(.event, "analysis.healthy") { return .verdict(.healthy) }
            // A sender's name and status may contradict each other: the worse one counts.
            guard case .verdict(let named)? = eventKind else { return .verdict(status) }
            return .verdict(max(status, named))
        }
        let kind = eventKind
        switch kind {
        case .verdict(let status): return .verdict(status)
        case .recovery: return .verdict(.healthy)
        case .rehearsal: return .rehearsal
        case .acknowledgement: return .acknowledgement
        // Sent already through other receivers.
        case .reported, .decision: return .neutral
        default: break
        }
        // The caller retries within seconds; repeated failures become `unknown`.
        if extra("unmeasured") != nil { return .neutral }
        switch kind {
        case .fault, .notice: return .notice
        // A refusal of a person's own request, or another dead letter to a bad address, is `info`.
        default:
            if level >= .warn { return .notice }
            // Almost a verdict: what it says may be a failure.
            if text(.event)?.hasPrefix("analysis.") == true { return .notice }
            return mayEnd && self[.rollout] != nil
                && text(.event)?.hasPrefix("rollout.") == true ? .progress : .neutral
        }
    }

    private var eventKind: EventName.Kind? {
        self[.event].flatMap { EventName.kind($0, in: bytes) }
    }

    /// Whether no caller acts on the verdict: the member is `true`, not only present.
    private var isTrial: Bool { extra(EventName.trial)?.bool == true }
}
