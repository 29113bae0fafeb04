public import Events

/// A message that was held back, with the cause.
public struct Suppression: Sendable, Hashable {
    public enum Cause: Sendable, Hashable {
        case silence(Silence, until: Timestamp)
        /// A fault of a node that the message of `thread` reports.
        case nodeFault(az: String, node: String, thread: String)
    }

    /// The message as it would have been sent.
    public let digest: Digest
    public let cause: Cause
}
