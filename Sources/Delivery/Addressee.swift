/// Who is to get a digest: a receiver, and for mail one recipient of it.
///
/// Each has its own row in the outbox, so that one refused recipient is one
/// dead letter and never holds up the others.
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
