public import Events
public import Rendering

/// Something that digests can be sent to.
public protocol Receiver: Sendable {
    /// Unique in the configuration.
    var name: String { get }
    /// `slack`, `smtp`, `webhook`, `file`, `exec`.
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

    /// The same for a digest that follows others of its thread: `mark` is what
    /// the last of them was recorded with. Receivers without a live message
    /// need no more than `send(_:to:)`.
    func send(
        _ digest: RenderedDigest, to recipients: [String], following mark: String?
    ) async -> DeliveryAttempt
}

extension Receiver {
    public var recipients: [String] { [""] }
    public var minimumInterval: Duration { .zero }

    public func send(
        _ digest: RenderedDigest, to recipients: [String], following mark: String?
    ) async -> DeliveryAttempt {
        await send(digest, to: recipients)
    }

    /// The outbox rows that a digest for this receiver needs.
    public var addressees: [Addressee] {
        recipients.map { Addressee(receiver: name, recipient: $0) }
    }

    /// Sends one digest that says it is a test, past the outbox; the attempt's
    /// steps tell how it went.
    public func sendTest(at now: Timestamp) async -> DeliveryAttempt {
        await send(NoticeDigest.test(for: name, at: now), to: recipients)
    }
}
