import Events
import JSON

/// What the runs of a series measure, so that a hook can end them.
public struct RunSubject: Sendable, Hashable {
    public var namespace: String
    public var rollout: String
    /// Empty if the caller does not send it.
    public var revision: String

    public init(namespace: String, rollout: String, revision: String) {
        self.namespace = namespace
        self.rollout = rollout
        self.revision = revision
    }

    public init(_ request: MeasurementRequest) {
        self.init(
            namespace: request.namespace, rollout: request.rollout, revision: request.revision)
    }

    /// Nil for an event without a rollout.
    init?(_ event: Event) {
        guard let rollout = event.rollout else { return nil }
        self.init(
            namespace: event.namespace ?? "default", rollout: rollout,
            revision: event.revision ?? "")
    }
}

extension AttemptLedger {
    /// Ends the runs that had begun when the rollout's run ended; returns their number.
    ///
    /// The next measurement of each begins a new run, with data from after the end only. A run
    /// that began later is not ended, so the same end may be applied again. An evaluation in
    /// progress still completes its attempt of the ended run.
    @discardableResult
    public mutating func end(_ end: RunEnd) -> Int {
        var ended = 0
        for (series, state) in states {
            guard let subject = state.subject,
                end.ends(
                    namespace: subject.namespace, rollout: subject.rollout,
                    revision: subject.revision),
                state.epoch > 0, state.ended == nil, state.began <= end.at
            else { continue }
            states[series]?.ended = end.at
            changed.insert(series)
            ended +|= 1
        }
        return ended
    }
}

extension Event {
    /// The event of a gateway that ended the runs of a rollout.
    ///
    /// - Parameter runs: The number of series whose runs were ended.
    public init(ended end: RunEnd, runs: Int, gateway: GatewayIdentity, at now: Timestamp) {
        self.init(
            ts: now, level: .info, event: EventName.runEnded, node: gateway.node,
            az: gateway.az, namespace: end.namespace, rollout: end.rollout,
            revision: end.revision,
            message: "\(end.rollout) in \(end.namespace): the run ended (\(end.cause)); the next "
                + "measurement begins a new one.",
            extra: [
                .init("cause", .string(end.cause)), .init("ended_at", .string(end.at.rfc3339)),
                .init("runs", .number(String(runs))),
            ])
    }
}

extension RunEnd {
    /// Reads the end from the event of the gateway that applied it; nil for any other event.
    init?(applied event: Event) {
        guard event.event == EventName.runEnded, let rollout = event.rollout,
            let at = event.extra("ended_at")?.string.flatMap({ Timestamp(rfc3339: $0) })
        else { return nil }
        self.init(
            namespace: event.namespace ?? "default", rollout: rollout, revision: event.revision,
            cause: event.extra("cause")?.string ?? event.event, at: at)
    }
}
