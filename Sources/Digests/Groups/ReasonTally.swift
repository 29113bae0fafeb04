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
        if a.reason.state != b.reason.state {
            return a.reason.state.severity > b.reason.state.severity
        }
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
