public import Events
public import GRDB

/// Digests that wait for a receiver that can't take them grow stale: the next
/// one of the incident says more, and stands for them.
extension Outbox {
    /// A digest that has not reached a receiver.
    public struct Stale: Sendable, Hashable {
        public let digest: String
        public let thread: String
        public let receiver: String
    }

    /// What is on its way right now is not stale yet.
    private static let patience = Duration.seconds(10)

    /// What waits of these threads after a failed try, or for long; oldest first.
    public static func stale(
        _ db: Database, threads: Set<String>, at now: Timestamp
    ) throws -> [Stale] {
        var stale: [Stale] = []
        for thread in threads.sorted() {
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT outbox.digest, receiver FROM outbox
                    JOIN digest ON digest.id = outbox.digest
                    WHERE thread = ? AND state = 'waiting' AND (tries > 0 OR created_ms <= ?)
                    ORDER BY outbox.id LIMIT 100
                    """, arguments: [thread, (now - patience).milliseconds])
            stale += rows.map {
                Stale(digest: $0["digest"], thread: thread, receiver: $0["receiver"])
            }
        }
        return stale
    }

    /// Takes the stale digests out of the line of `addressee`; returns when the
    /// last of them was due.
    static func replace(
        _ db: Database, _ stale: [String], for addressee: Addressee, by digest: String,
        at now: Timestamp
    ) throws -> Timestamp {
        var due = now
        for old in stale where old != digest {
            let row = try Row.fetchOne(
                db,
                sql: """
                    UPDATE outbox SET state = 'replaced', settled_ms = ?, answer = ?
                    WHERE digest = ? AND receiver = ? AND recipient = ? AND state = 'waiting'
                    RETURNING due_ms
                    """,
                arguments: [
                    now.milliseconds, "replaced by \(digest)", old, addressee.receiver,
                    addressee.recipient,
                ])
            if let row { due = max(due, Timestamp(milliseconds: row["due_ms"])) }
        }
        return due
    }
}
