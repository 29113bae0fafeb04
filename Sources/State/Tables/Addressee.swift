/// The target of a delivery: a receiver, and for mail one of its recipients.
///
/// Each addressee has its own row in the outbox, so a refused recipient becomes one dead letter and
/// does not delay the others.
public struct Addressee: Sendable, Hashable {
    /// The receiver's name in the configuration.
    public let receiver: String
    /// `name@host` for mail; empty for receivers without recipients.
    public let recipient: String

    public init(receiver: String, recipient: String = "") {
        self.receiver = receiver
        self.recipient = recipient
    }
}
