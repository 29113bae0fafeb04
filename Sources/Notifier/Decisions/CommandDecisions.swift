public import Events
public import State

/// What a command changes in the state file of a node, whether or not the node runs.
///
/// Only the node appends to its log. So a change is stored together with its line, and the node
/// appends the line when it detects the change, or at its next start.
public enum CommandDecisions {
    /// Adds a silence that begins now; returns its id.
    ///
    /// - Throws: `SilenceBook.Full` when the most are in force.
    public static func addSilence(
        _ db: Store.Transaction, filter: Filter, until: Timestamp, who: String, why: String,
        at now: Timestamp
    ) throws -> String {
        let row = try SilenceBook.add(
            db, filter: filter, until: until, who: who, why: why, at: now)
        try log(db, [SilenceDecision.added(row).event()])
        return row.id
    }

    /// Ends a silence now. Returns false when no silence in force has this id.
    public static func expireSilence(
        _ db: Store.Transaction, id: String, at now: Timestamp
    ) throws -> Bool {
        guard try SilenceTable.expire(db, id: id, at: now) else { return false }
        try log(db, [SilenceDecision.expired(id: id, at: now).event()])
        return true
    }

    /// Makes a delivery that was not sent due now. Returns false if there is none with that id.
    public static func retry(
        _ db: Store.Transaction, id: Int64, at now: Timestamp
    ) throws -> Bool {
        guard try Outbox.retry(db, id: id, at: now), let entry = try Outbox.entry(db, id: id)
        else { return false }
        try log(db, [DeliveryDecision(entry, .retried).event(at: now)])
        return true
    }

    /// Makes every dead delivery due now; returns how many.
    public static func retryDead(_ db: Store.Transaction, at now: Timestamp) throws -> Int {
        let dead = try Outbox.list(db, states: [.dead], limit: .max)
        try log(db, dead.map { DeliveryDecision($0, .retried).event(at: now) })
        return try Outbox.retryDead(db, at: now)
    }

    /// Drops a waiting or dead delivery. Returns false if there is none with that id.
    public static func drop(
        _ db: Store.Transaction, id: Int64, at now: Timestamp
    ) throws -> Bool {
        guard try Outbox.drop(db, id: id, at: now), let entry = try Outbox.entry(db, id: id)
        else { return false }
        try log(db, [DeliveryDecision(entry, .dropped).event(at: now)])
        return true
    }

    /// Drops every waiting or dead delivery in one of `states`, of one receiver if given; returns
    /// how many.
    public static func dropAll(
        _ db: Store.Transaction, _ states: Set<DeliveryState>, receiver: String?,
        at now: Timestamp
    ) throws -> Int {
        let open = try Outbox.list(db, states: states.intersection([.waiting, .dead]), limit: .max)
            .filter { receiver == nil || $0.addressee.receiver == receiver }
        try log(db, open.map { DeliveryDecision($0, .dropped).event(at: now) })
        return try Outbox.dropAll(db, states, receiver: receiver, at: now)
    }

    static func log(_ db: Store.Transaction, _ events: [Event]) throws {
        for event in events {
            try UnloggedTable.add(db, line: String(decoding: event.line, as: UTF8.self))
        }
    }
}
