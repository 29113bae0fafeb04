public import Events

/// A message that was held back, and by what.
public struct Suppression: Sendable, Hashable {
    public enum Cause: Sendable, Hashable {
        case silence(Silence, until: Timestamp)
        /// The fault is a node's own, and the message of `thread` tells of it.
        case nodeFault(az: String, node: String, thread: String)
    }

    /// As it would have been sent.
    public let digest: Digest
    public let cause: Cause
}
