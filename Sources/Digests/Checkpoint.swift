public import Events

/// What makes a machine's progress durable. Written whole or not at all.
public struct Checkpoint: Sendable, Equatable {
    /// Where a restored machine's reader begins.
    public let position: LogPosition
    /// States to store, by key.
    public let changed: [String: String]
    /// Keys whose state is to be deleted.
    public let removed: Set<String>
}
