import Events

/// A delivery that was refused for good and waits for a person.
public struct DeadLetter: Sendable, Equatable {
    /// The outbox row: what `outbox retry` takes.
    public let id: Int64
    public let digest: String
    public let subject: String
    public let addressee: Addressee
    public let tries: Int
    /// The receiver's words: printable, bounded, without secrets.
    public let words: String

    init(_ entry: OutboxEntry) {
        id = entry.id
        digest = entry.digest
        subject = entry.subject
        addressee = entry.addressee
        tries = entry.tries
        words = entry.answer
    }
}
