public import Events
import GRDB

/// One delivery in the outbox.
public struct OutboxEntry: Sendable, Equatable {
    public let id: Int64
    public let digest: String
    public let subject: String
    public let addressee: Addressee
    public let state: DeliveryState
    /// Tries since it was enqueued or retried by hand.
    public let tries: Int
    /// When the next try is due, if the state is `waiting`.
    public let due: Timestamp
    public let created: Timestamp
    public let lastTried: Timestamp?
    public let settled: Timestamp?
    /// The receiver's last answer, or our error: printable, bounded, without secrets.
    public let answer: String
}

extension OutboxEntry {
    static let columns = """
        outbox.id, outbox.digest, digest.subject, outbox.receiver, outbox.recipient, outbox.state,
        outbox.tries, outbox.due_ms, outbox.created_ms, outbox.tried_ms, outbox.settled_ms,
        outbox.answer
        """

    init(_ row: Row) throws {
        func moment(_ name: String) throws -> Timestamp? {
            (try row.read(name) as Int64?).map { Timestamp(milliseconds: $0) }
        }
        id = try row.read("id")
        digest = try row.read("digest")
        subject = try row.read("subject")
        addressee = try Addressee(receiver: row.read("receiver"), recipient: row.read("recipient"))
        // Only this module writes the column. A row with an unknown state is shown as dropped.
        state = DeliveryState(rawValue: try row.read("state")) ?? .dropped
        tries = try row.read("tries")
        due = Timestamp(milliseconds: try row.read("due_ms"))
        created = Timestamp(milliseconds: try row.read("created_ms"))
        lastTried = try moment("tried_ms")
        settled = try moment("settled_ms")
        answer = try row.read("answer")
    }
}
