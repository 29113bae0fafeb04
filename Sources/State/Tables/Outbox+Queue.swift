public import Events
import GRDB

/// Which deliveries are due, and what became of them.
extension Outbox {
    /// The next work of a receiver.
    public struct Next: Sendable {
        /// Digests that are due, the longest due first.
        public var batches: [Batch] = []
        /// When the next delivery is due that was not due yet; nil if there is none.
        public var later: Timestamp?
    }

    /// One digest, and the due deliveries of it.
    public struct Batch: Sendable {
        public let digest: DigestTable.Row
        public let deliveries: [Delivery]
        /// The last mark recorded for the thread at this receiver.
        public let mark: String?
    }

    /// A waiting delivery that is due.
    public struct Delivery: Sendable {
        public let id: Int64
        public let recipient: String
        public let tries: Int
    }

    /// Returns the next due work of a receiver: at most `limit` digests.
    ///
    /// Only the oldest waiting delivery of each thread to each recipient is considered, which keeps
    /// their order. They are found by an index: the number of those that wait does not matter.
    ///
    /// - Parameter busy: Deliveries that are being tried.
    public static func next(
        _ db: Store.Transaction, receiver: String, at now: Timestamp, limit: Int = 1,
        except busy: Set<Int64> = []
    ) throws -> Next {
        var next = Next()
        var seen = busy
        let heads = try Row.fetchCursor(db.statement(headsSQL), arguments: [receiver])
        while next.batches.count < limit, let head = try heads.next() {
            guard !seen.contains(try head.read("id")) else { continue }
            let due: Int64 = try head.read("due_ms")
            guard due <= now.milliseconds else {
                next.later = Timestamp(milliseconds: due)
                break
            }
            let id: String = try head.read("digest")
            guard let digest = try DigestTable.row(db, id: id) else { continue }
            let rows = try Row.fetchCursor(
                db.statement(recipientsSQL), arguments: [id, receiver, now.milliseconds])
            var deliveries: [Delivery] = []
            while let row = try rows.next() {
                guard seen.insert(try row.read("id")).inserted else { continue }
                deliveries.append(
                    try Delivery(
                        id: row.read("id"), recipient: row.read("recipient"),
                        tries: row.read("tries")))
            }
            let mark = try String.fetchOne(
                db.statement(
                    """
                    SELECT mark FROM outbox WHERE receiver = ? AND thread = ? AND mark <> ''
                    ORDER BY id DESC LIMIT 1
                    """), arguments: [receiver, digest.thread])
            next.batches.append(Batch(digest: digest, deliveries: deliveries, mark: mark))
        }
        return next
    }

    /// The oldest waiting deliveries of the threads of a receiver, by `outbox_due`.
    static let headsSQL = """
        SELECT id, digest, due_ms FROM outbox
        WHERE receiver = ? AND state = 'waiting' AND head = 1 ORDER BY due_ms, id
        """

    /// The due deliveries of one digest to a receiver. `+` keeps SQLite from `outbox_due`, by which
    /// it would read all that is due at the receiver.
    static let recipientsSQL = """
        SELECT id, recipient, tries FROM outbox
        WHERE digest = ? AND receiver = ? AND state = 'waiting' AND +head = 1
            AND due_ms <= ? ORDER BY id
        """

    /// The time since a delivery was enqueued or retried by hand; zero if it does not exist.
    public static func age(_ db: Store.Transaction, _ delivery: Int64, at now: Timestamp) throws
        -> Duration
    {
        let since = try Int64.fetchOne(
            db.statement("SELECT COALESCE(since_ms, created_ms) FROM outbox WHERE id = ?"),
            arguments: [delivery])
        return since.map { now - Timestamp(milliseconds: $0) } ?? .zero
    }

    /// Records the outcome of a try. If another process dropped or replaced the delivery meanwhile,
    /// it keeps that state, unless it was sent.
    public static func settle(
        _ db: Store.Transaction, _ delivery: Int64, _ verdict: Verdict, at now: Timestamp
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
        try db.statement(
            """
            UPDATE outbox
            SET state = ?, tries = MIN(tries, 999999999) + 1, due_ms = ?, tried_ms = ?, settled_ms = ?,
                answer = ?, mark = ?, told = 0
            WHERE id = ? AND (state = 'waiting' OR ? = 'sent')
            """
        ).execute(
            arguments: [
                state.rawValue, due.milliseconds, now.milliseconds,
                state == .waiting ? nil : now.milliseconds, verdict.words,
                state == .sent ? verdict.mark : "", delivery, state.rawValue,
            ])
    }

    /// The new state of a delivery after a try.
    public struct Verdict: Sendable, Equatable {
        public enum Fate: Sendable, Equatable {
            case sent
            case dead
            case again(Timestamp)

            /// Whether the delivery is tried again.
            public var isRetry: Bool {
                if case .again = self { return true }
                return false
            }
        }
        public let fate: Fate
        public let words: String
        public let mark: String

        public init(fate: Fate, words: String, mark: String = "") {
            self.fate = fate
            self.words = words
            self.mark = mark
        }
    }

    /// Dead letters that were not reported yet, oldest first.
    ///
    /// One is repeated if an earlier one to the same addressee is kept, and nothing was sent there
    /// since.
    public static func unreported(_ db: Store.Transaction) throws -> [DeadLetter] {
        try Row.fetchAll(db.connection, sql: unreportedSQL).map {
            try DeadLetter(OutboxEntry($0), isRepeated: $0.read("repeated"))
        }
    }

    /// Reads by `outbox_unreported` only those, and by `outbox_addressee` only the dead letters after
    /// the last one that was sent, whatever the table contains.
    static let unreportedSQL = """
        SELECT \(OutboxEntry.columns), EXISTS (
            SELECT 1 FROM outbox AS before
            WHERE before.receiver = outbox.receiver AND before.recipient = outbox.recipient
                AND before.state = 'dead' AND before.id < outbox.id
                AND before.settled_ms >= COALESCE((
                    SELECT sent.settled_ms FROM outbox AS sent
                    WHERE sent.receiver = outbox.receiver AND sent.recipient = outbox.recipient
                        AND sent.state = 'sent' ORDER BY sent.settled_ms DESC LIMIT 1),
                    \(Int64.min))
                AND NOT EXISTS (
                    SELECT 1 FROM outbox AS sent
                    WHERE sent.receiver = outbox.receiver AND sent.recipient = outbox.recipient
                        AND sent.state = 'sent'
                        AND (sent.settled_ms, sent.id) > (before.settled_ms, before.id)))
            AS repeated
        FROM outbox CROSS JOIN digest ON digest.id = outbox.digest
        WHERE outbox.state = 'dead' AND outbox.told = 0 ORDER BY outbox.id
        """

    /// Records that the dead letters were reported.
    public static func markReported(_ db: Store.Transaction, _ ids: [Int64]) throws {
        for id in ids {
            try db.connection.execute(
                sql: "UPDATE outbox SET told = 1 WHERE id = ? AND state = 'dead'", arguments: [id])
        }
    }

    /// The addressee of each waiting delivery, by its id.
    public static func waitingAddressees(_ db: Store.Transaction) throws -> [Int64: Addressee] {
        let rows = try Row.fetchAll(
            db.connection, sql: "SELECT id, receiver, recipient FROM outbox WHERE state = 'waiting'"
        )
        return Dictionary(
            uniqueKeysWithValues: try rows.map {
                try (
                    $0.read("id"),
                    Addressee(receiver: $0.read("receiver"), recipient: $0.read("recipient"))
                )
            })
    }

    /// The id of the newest delivery; 0 if there is none.
    public static func newest(_ db: Store.Transaction) throws -> Int64 {
        try Int64.fetchOne(db.statement("SELECT MAX(id) FROM outbox")) ?? 0
    }

    /// Shifts the times of waiting deliveries up to id `newest` by a step of the clock.
    public static func shiftWaiting(_ db: Store.Transaction, by step: Duration, upTo newest: Int64)
        throws
    {
        // The sums stay whole numbers: SQLite makes a floating-point number of one that overflows.
        let most: Int64 = 1 << 61
        let step = min(max(step.wholeMilliseconds, -most), most)
        try db.connection.execute(
            sql: """
                UPDATE outbox
                SET due_ms = MAX(MIN(due_ms, :most), -:most) + :step,
                    created_ms = MAX(MIN(created_ms, :most), -:most) + :step,
                    since_ms = MAX(MIN(since_ms, :most), -:most) + :step
                WHERE state = 'waiting' AND id <= :newest
                """, arguments: ["most": most, "step": step, "newest": newest])
    }

    /// Corrects times of waiting deliveries that were written while the clock was ahead.
    ///
    /// A delivery due more than `longestWait` after `now` becomes due now if it was never tried,
    /// otherwise after `longestWait`.
    public static func bringForward(
        _ db: Store.Transaction, of now: Timestamp, longestWait: Duration
    ) throws {
        let now = now.milliseconds
        let latest = now &+ longestWait.wholeMilliseconds
        try db.connection.execute(
            sql: """
                UPDATE outbox SET due_ms = CASE WHEN tries = 0 THEN ? ELSE ? END
                WHERE state = 'waiting' AND due_ms > ?
                """, arguments: [now, latest, latest])
        try db.connection.execute(
            sql: """
                UPDATE outbox SET created_ms = MIN(created_ms, ?), since_ms = MIN(since_ms, ?)
                WHERE state = 'waiting' AND (created_ms > ? OR since_ms > ?)
                """, arguments: [now, now, now, now])
    }
}
