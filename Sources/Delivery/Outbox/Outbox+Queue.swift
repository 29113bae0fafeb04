import Events
import GRDB
import Rendering

/// The operations of the delivery service on the outbox.
extension Outbox {
    /// The next work of a receiver.
    enum Next: Sendable {
        case nothing
        case later(Timestamp)
        /// One digest and the due deliveries of it that are the oldest of their recipients. `mark`
        /// is the last mark recorded for the thread at this receiver.
        case batch(RenderedDigest, [Delivery], mark: String?)
    }

    /// A waiting delivery that is due.
    struct Delivery: Sendable {
        let id: Int64
        let recipient: String
        let tries: Int
    }

    /// Returns the next due work of a receiver.
    ///
    /// Only the oldest waiting delivery of each recipient is considered, which keeps their order.
    /// Of the due ones, those of the oldest digest are sent together.
    static func next(_ db: Database, receiver: String, at now: Timestamp) throws -> Next {
        let heads = try Row.fetchAll(
            db,
            sql: """
                SELECT id, digest, recipient, tries, due_ms FROM outbox
                WHERE id IN (
                    SELECT MIN(id) FROM outbox WHERE receiver = ? AND state = 'waiting'
                    GROUP BY recipient)
                ORDER BY id
                """, arguments: [receiver])
        let due = heads.filter { ($0["due_ms"] as Int64) <= now.milliseconds }
        guard let first = due.first else {
            let soonest = heads.map { $0["due_ms"] as Int64 }.min()
            return soonest.map { .later(Timestamp(milliseconds: $0)) } ?? .nothing
        }
        let id: String = first["digest"]
        guard let digest = try digest(db, id: id) else { return .nothing }
        let together = due.filter { ($0["digest"] as String) == id }.map { row in
            Delivery(id: row["id"], recipient: row["recipient"], tries: row["tries"])
        }
        let mark = try String.fetchOne(
            db,
            sql: """
                SELECT mark FROM outbox JOIN digest ON digest.id = outbox.digest
                WHERE receiver = ? AND thread = ? AND mark <> '' ORDER BY outbox.id DESC LIMIT 1
                """, arguments: [receiver, digest.thread])
        return .batch(digest, together, mark: mark)
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
    static func unreported(_ db: Database) throws -> [OutboxEntry] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT \(OutboxEntry.columns) FROM outbox JOIN digest ON digest.id = outbox.digest
                WHERE state = 'dead' AND told = 0 ORDER BY outbox.id
                """
        ).map(OutboxEntry.init)
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
