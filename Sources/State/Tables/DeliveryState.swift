/// The state of a delivery. Raw values are those of the outbox's `state` column.
public enum DeliveryState: String, Sendable, CaseIterable {
    /// Not sent yet; it may have been tried.
    case waiting
    /// The receiver accepted it; it is never sent again.
    case sent
    /// Failed permanently; waits for `outbox retry`.
    case dead
    /// Dropped by a user.
    case dropped
    /// Superseded by a newer digest of its incident while it waited; that digest mentions it.
    case replaced
}
