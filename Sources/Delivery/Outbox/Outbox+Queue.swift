import Events
import GRDB
import Rendering

/// The operations of the delivery service on the outbox.
extension Outbox {
    /// The next work of a receiver.
    struct Next: Sendable {
        /// Digests that are due, the longest due first.
        var batches: [Batch] = []
        /// When the next delivery is due that was not due yet; nil if there is none.
        var later: Timestamp?
    }

    /// One digest, and the due deliveries of it.
    struct Batch: Sendable {
        let digest: RenderedDigest
        let deliveries: [Delivery]
        /// The last mark recorded for the thread at this receiver.
        let mark: String?
    }

    /// A waiting delivery that is due.
    struct Delivery: Sendable {
        let id: Int64
        let recipient: String
        let tries: Int
    }

    /// Returns the next due work of a receiver: at most `limit` digests.
    ///
    /// Only the oldest waiting delivery of each thread to each recipient is considered, which keeps
    /// their order. They are found by an index: the number of those that wait does not matter.
    ///
    /// - Parameter busy: Deliveries that are being tried.
    static func next(
        _ db: Database, receiver: String, at now: Timestamp, limit: Int = 1,
        except busy: Set<Int64> = []
    ) throws -> Next {
        var next = Next()
        var seen = busy
        let heads = try Row.fetchCursor(
            db,
            sql: """
                SELECT id, digest, due_ms FROM outbox
                WHERE receiver = ? AND state = 'waiting' AND head = 1 ORDER BY due_ms, id
                """, arguments: [receiver])
        while next.batches.count < limit, let head = try heads.next() {
            guard !seen.contains(head["id"]) else { continue }
            let due: Int64 = head["due_ms"]
            guard due <= now.milliseconds else {
                next.later = Timestamp(milliseconds: due)
                break
            }
            let id: String = head["digest"]
            guard let digest = try digest(db, id: id) else { continue }
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, recipient, tries FROM outbox
                    WHERE digest = ? AND receiver = ? AND state = 'waiting' AND head = 1
                        AND due_ms <= ? ORDER BY id
                    """, arguments: [id, receiver, now.milliseconds])
            let deliveries = rows.filter { !seen.contains($0["id"]) }.map { row in
                Delivery(id: row["id"], recipient: row["recipient"], tries: row["tries"])
            }
            seen.formUnion(deliveries.map(\.id))
            let mark = try String.fetchOne(
                db,
                sql: """
                    SELECT mark FROM outbox WHERE receiver = ? AND thread = ? AND mark <> ''
                    ORDER BY id DESC LIMIT 1
                    """, arguments: [receiver, digest.thread])
            next.batches.append(Batch(digest: digest, deliveries: deliveries, mark: mark))
        }
        return next
    }

    /// The time since a delivery was enqueued or retried by hand; zero if it does not exist.
    static func age(_ db: Database, _ delivery: Int64, at now: Timestamp) throws -> Duration {
        let since = try Int64.fetchOne(
            db, sql: "SELECT COALESCE(since_ms, created_ms) FROM outbox WHERE id = ?",
            arguments: [delivery])
        return since.map { now - Timestamp(milliseconds: $0) } ?? .zero
    }

    /// Records the outcome of a try. If another process dropped or replaced the delivery meanwhile,
    /// it keeps that state, unless it was sent.
    static func settle(
        _ db: Database, _ delivery: Int64, _ verdict: Verdict, at now: Timestamp
    ) throws {
        let state: DeliveryState
        var due = now
        switch verdict.fate {
        case .sent: state = .sent
        case .dead: state = .dead
        case .again(let moment):
            state = .waiting
            due = moment
        }
        try db.execute(
            sql: """
                UPDATE outbox
                SET state = ?, tries = tries + 1, due_ms = ?, tried_ms = ?, settled_ms = ?,
                    answer = ?, mark = ?, told = 0
                WHERE id = ? AND (state = 'waiting' OR ? = 'sent')
                """,
            arguments: [
                state.rawValue, due.milliseconds, now.milliseconds,
                state == .waiting ? nil : now.milliseconds, verdict.words,
                state == .sent ? verdict.mark : "", delivery, state.rawValue,
            ])
    }

    /// The new state of a delivery after a try.
    struct Verdict: Sendable {
        enum Fate: Sendable, Equatable {
            case sent
            case dead
            case again(Timestamp)
        }
        let fate: Fate
        let words: String
        var mark = ""
    }

    /// Dead letters that were not reported yet, oldest first.
    ///
    /// One is repeated if an earlier one to the same addressee is kept, and nothing was sent there
    /// since.
    static func unreported(_ db: Database) throws -> [DeadLetter] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT \(OutboxEntry.columns), EXISTS (
                    SELECT 1 FROM outbox AS before
                    WHERE before.state = 'dead' AND before.receiver = outbox.receiver
                        AND before.recipient = outbox.recipient AND before.id < outbox.id
                        AND NOT EXISTS (
                            SELECT 1 FROM outbox AS sent
                            WHERE sent.state = 'sent' AND sent.receiver = outbox.receiver
                                AND sent.recipient = outbox.recipient
                                AND (sent.settled_ms, sent.id) > (before.settled_ms, before.id))) AS repeated
                FROM outbox JOIN digest ON digest.id = outbox.digest
                WHERE outbox.state = 'dead' AND outbox.told = 0 ORDER BY outbox.id
                """
        ).map { DeadLetter(OutboxEntry($0), isRepeated: $0["repeated"]) }
    }

    static func markTold(_ db: Database, _ ids: [Int64]) throws {
        for id in ids {
            try db.execute(
                sql: "UPDATE outbox SET told = 1 WHERE id = ? AND state = 'dead'", arguments: [id])
        }
    }

    /// Marks waiting deliveries dead if their addressee is not configured any more.
    ///
    /// They would otherwise wait for ever without a report.
    static func markOrphanedDeliveriesDead(
        _ db: Database, known: Set<Addressee>, at now: Timestamp
    ) throws {
        let rows = try Row.fetchAll(
            db, sql: "SELECT id, receiver, recipient FROM outbox WHERE state = 'waiting'")
        for row in rows
        where !known.contains(Addressee(receiver: row["receiver"], recipient: row["recipient"])) {
            let words = "no such receiver or recipient is configured any more"
            try settle(db, row["id"], Verdict(fate: .dead, words: words), at: now)
        }
    }
}
