public import Events
public import Rendering

/// A destination for digests.
public protocol Receiver: Sendable {
    /// The name in the configuration; unique.
    var name: String { get }
    /// `slack`, `smtp`, `webhook`, `file`, `exec`.
    var kind: String { get }
    /// The recipients of one try; a single empty string if the receiver has none.
    var recipients: [String] { get }
    /// Minimum time between the end of one try and the start of the next.
    var minimumInterval: Duration { get }
    /// The most digests that are sent at the same time; those of one incident never are.
    var parallel: Int { get }

    /// Sends the digest once to these recipients, within the receiver's own deadlines.
    ///
    /// Does not throw: errors are outcomes of the recipients. A repeat has the same ids, so the
    /// destination can recognize it.
    func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt

    /// Sends a digest that follows others of its thread.
    ///
    /// Receivers without a live message use `send(_:to:)`.
    ///
    /// - Parameter mark: The mark recorded with the last sent digest of the thread; nil if there is
    ///   none.
    func send(
        _ digest: RenderedDigest, to recipients: [String], following mark: String?
    ) async -> DeliveryAttempt
}

extension Receiver {
    public var recipients: [String] { [""] }
    public var minimumInterval: Duration { .zero }
    public var parallel: Int { 1 }

    public func send(
        _ digest: RenderedDigest, to recipients: [String], following mark: String?
    ) async -> DeliveryAttempt {
        await send(digest, to: recipients)
    }

    /// The addressees of a digest for this receiver; each is one row in the outbox.
    public var addressees: [Addressee] {
        recipients.map { Addressee(receiver: name, recipient: $0) }
    }

    /// Sends a test digest without the outbox; the attempt contains the steps.
    public func sendTest(at now: Timestamp) async -> DeliveryAttempt {
        await send(NoticeDigest.test(for: name, at: now), to: recipients)
    }
}
