public import Events
import GRDB

/// Replaces digests that could not be delivered by a newer digest of the same incident.
extension Outbox {
    /// A digest that did not reach a receiver.
    public struct Stale: Sendable, Hashable {
        public let digest: String
        public let thread: String
        public let receiver: String
    }

    /// Returns the waiting digests of these threads that failed at least once or were enqueued by
    /// `moment`, oldest first in each thread and at most 100 a thread.
    public static func stale(
        _ db: Store.Transaction, threads: Set<String>, failedOrEnqueuedBy moment: Timestamp
    ) throws -> [Stale] {
        var stale: [Stale] = []
        for thread in threads.sorted() {
            let rows = try Row.fetchAll(
                db.statement(staleSQL),
                arguments: [DigestTable.storable(thread), moment.milliseconds])
            stale += try rows.map {
                try Stale(digest: $0.read("digest"), thread: thread, receiver: $0.read("receiver"))
            }
        }
        return stale
    }

    /// Reads by `digest_thread` only the digests of the thread, whatever else waits: SQLite keeps the
    /// order of a CROSS JOIN, and `+` keeps it from the index of states.
    static let staleSQL = """
        SELECT outbox.digest, receiver FROM digest
        CROSS JOIN outbox ON outbox.digest = digest.id
        WHERE digest.thread = ? AND +state = 'waiting' AND (tries > 0 OR created_ms <= ?)
        GROUP BY outbox.digest, receiver ORDER BY MIN(outbox.id) LIMIT 100
        """

    /// Marks the waiting deliveries of the stale digests to `addressee` as replaced.
    ///
    /// Returns the latest time at which one of them was due; at least `now`.
    static func replace(
        _ db: Store.Transaction, _ stale: [String], for addressee: Addressee, by digest: String,
        at now: Timestamp
    ) throws -> Timestamp {
        var due = now
        for old in stale where old != digest {
            let row = try Row.fetchOne(
                db.statement(
                    """
                    UPDATE outbox SET state = 'replaced', settled_ms = ?, answer = ?
                    WHERE digest = ? AND receiver = ? AND recipient = ? AND state = 'waiting'
                    RETURNING due_ms
                    """),
                arguments: [
                    now.milliseconds, "replaced by \(digest)", old, addressee.receiver,
                    addressee.recipient,
                ])
            if let row { due = try max(due, Timestamp(milliseconds: row.read("due_ms"))) }
        }
        return due
    }
}
