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
    /// `moment`, with those that they replaced at the same receiver: none of them arrived there.
    /// Oldest first in each thread and at most 100 a thread.
    public static func stale(
        _ db: Store.Transaction, threads: Set<String>, failedOrEnqueuedBy moment: Timestamp
    ) throws -> [Stale] {
        var stale: [Stale] = []
        for thread in threads.sorted() {
            let rows = try Row.fetchAll(
                db.statement(staleSQL),
                arguments: [DigestTable.storable(thread), moment.milliseconds])
            var all: [Stale] = []
            var away: Set<String> = []
            for row in rows {
                let receiver: String = try row.read("receiver")
                if try row.read("waits") as Bool { away.insert(receiver) }
                let digest: String = try row.read("digest")
                all.append(Stale(digest: digest, thread: thread, receiver: receiver))
            }
            // What was replaced by a digest that is on its way is that digest's to report.
            stale += all.filter { away.contains($0.receiver) }
        }
        return stale
    }

    /// Reads by `digest_thread` only the digests of the thread, whatever else waits: SQLite keeps the
    /// order of a CROSS JOIN, and `+` keeps it from the index of states. Of more than 100 it takes
    /// those that wait, then the newest.
    static let staleSQL = """
        SELECT digest, receiver, waits FROM (
            SELECT outbox.digest AS digest, receiver, MIN(outbox.id) AS first,
                MAX(state = 'waiting') AS waits
            FROM digest CROSS JOIN outbox ON outbox.digest = digest.id
            WHERE digest.thread = ? AND (
                +state = 'waiting' AND (tries > 0 OR created_ms <= ?)
                OR +state = 'replaced' AND NOT EXISTS (
                    SELECT 1 FROM outbox AS sent
                    WHERE sent.receiver = outbox.receiver AND sent.recipient = outbox.recipient
                        AND sent.thread = outbox.thread AND sent.state = 'sent'
                        AND sent.id > outbox.id))
            GROUP BY outbox.digest, receiver ORDER BY waits DESC, first DESC LIMIT 100)
        ORDER BY first
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
