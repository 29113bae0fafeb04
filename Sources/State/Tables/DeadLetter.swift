import Events

/// A delivery that failed permanently and waits for `outbox retry` or `outbox drop`.
public struct DeadLetter: Sendable, Equatable {
    /// The id of the outbox row, as `outbox retry` expects it.
    public let id: Int64
    public let digest: String
    public let subject: String
    public let addressee: Addressee
    public let tries: Int
    /// The receiver's last answer, or our error: printable, bounded, without secrets.
    public let words: String
    /// Whether an earlier delivery to this addressee failed permanently, and none succeeded since.
    public let isRepeated: Bool

    init(_ entry: OutboxEntry, isRepeated: Bool = false) {
        id = entry.id
        digest = entry.digest
        subject = entry.subject
        addressee = entry.addressee
        tries = entry.tries
        words = entry.answer
        self.isRepeated = isRepeated
    }
}
