/// The end of a rollout's run, as a hook reported it: aborted, completed, promoted or retried.
///
/// A gateway begins a new run with the next measurement after it.
public struct RunEnd: Sendable, Hashable {
    public var namespace: String
    public var rollout: String
    /// Nil ends the runs of every revision.
    public var revision: String?
    /// The event's name: `rollout.aborted`, ….
    public var cause: String
    public var at: Timestamp

    public init(
        namespace: String, rollout: String, revision: String? = nil, cause: String, at: Timestamp
    ) {
        self.namespace = namespace
        self.rollout = rollout
        self.revision = revision
        self.cause = cause
        self.at = at
    }

    /// The end that an event reports; nil for an event that ends no run.
    public init?(_ event: Event) {
        guard EventName.runEndings.contains(event.event), let rollout = event.rollout else {
            return nil
        }
        self.init(
            namespace: event.namespace ?? "default", rollout: rollout, revision: event.revision,
            cause: event.event, at: event.ts)
    }

    /// Whether it ends the runs of this rollout. A measurement without a revision belongs to
    /// every revision.
    public func ends(namespace: String, rollout: String, revision: String) -> Bool {
        self.namespace == namespace && self.rollout == rollout
            && (self.revision == nil || revision.isEmpty || self.revision == revision)
    }
}
