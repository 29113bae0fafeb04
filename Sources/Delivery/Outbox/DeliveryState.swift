/// Where a delivery stands; the words of the outbox's `state` column.
public enum DeliveryState: String, Sendable, CaseIterable {
    /// To be sent, or to be tried again.
    case waiting
    /// The receiver has taken responsibility; never sent again.
    case sent
    /// Refused for good; waits for a person's `outbox retry`.
    case dead
    /// A person gave it up.
    case dropped
    /// Grew stale while it could not be delivered; a newer digest of its
    /// incident stands for it and says so.
    case replaced
}
