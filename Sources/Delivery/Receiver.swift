public import Rendering

/// Something that digests can be sent to.
public protocol Receiver: Sendable {
    /// Unique in the configuration.
    var name: String { get }
    /// `slack`, `smtp`, `webhook`, `file`.
    var kind: String { get }
    /// Whom one try can reach; one empty string when there is nobody to tell apart.
    var recipients: [String] { get }
    /// The shortest time between the end of one try and the start of the next.
    var minimumInterval: Duration { get }

    /// Sends once to these recipients, at most within deadlines of its own.
    ///
    /// Throws nothing: what went wrong is each recipient's outcome. A repeat
    /// carries the same ids, so that who receives can tell it is one.
    func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt
}

extension Receiver {
    public var recipients: [String] { [""] }
    public var minimumInterval: Duration { .zero }

    /// The outbox rows that a digest for this receiver needs.
    public var addressees: [Addressee] {
        recipients.map { Addressee(receiver: name, recipient: $0) }
    }
}
