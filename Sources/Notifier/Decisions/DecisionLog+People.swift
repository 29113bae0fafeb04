public import Delivery
public import Events
import HTTPTypes
import Server
public import State

// What people decide: silences, and deliveries that they drop or send again.

extension DecisionLog {
    /// Adds a silence that begins now; returns its id.
    ///
    /// - Throws: `SilenceBook.Full` when the most are in force.
    public func addSilence(
        filter: Filter, until: Timestamp, who: String, why: String, at now: Timestamp,
        by caller: String
    ) async throws -> String {
        let row = SilenceBook.row(filter: filter, until: until, who: who, why: why, at: now)
        try await store.read { db in try SilenceBook.requireRoom(db, at: now) }
        try await order([SilenceDecision.added(row).event(by: caller)]) { _ in
            try await store.write { db in try SilenceBook.insert(db, row, at: now) }
        }
        return row.id
    }

    /// Ends a silence now. Returns false when no silence in force has this id.
    public func expireSilence(
        id: String, at now: Timestamp, by caller: String
    ) async throws -> Bool {
        let isInForce = try await store.read { db in
            try SilenceTable.list(db, endingAfter: now).contains { $0.id == id }
        }
        guard isInForce else { return false }
        return try await order([SilenceDecision.expired(id: id, at: now).event(by: caller)]) { _ in
            try await store.write { db in try SilenceTable.expire(db, id: id, at: now) }
        }
    }

    /// Makes a delivery that was not sent due now. Returns false if there is none with that id.
    public func retry(_ id: Int64, at now: Timestamp) async throws -> Bool {
        guard let entry = try await store.read({ db in try Outbox.entry(db, id: id) }),
            entry.state != .sent
        else { return false }
        return try await order([DeliveryDecision(entry, .retried).event(at: now)]) { _ in
            try await store.write { db in try Outbox.retry(db, id: id, at: now) }
        }
    }

    /// Makes every dead delivery due now; returns how many.
    public func retryDead(at now: Timestamp) async throws -> Int {
        let dead = try await store.read { db in
            try Outbox.list(db, states: [.dead], limit: .max)
        }
        return try await order(dead.map { DeliveryDecision($0, .retried).event(at: now) }) { _ in
            try await store.write { db in try Outbox.retryDead(db, at: now) }
        }
    }

    /// Drops a waiting or dead delivery. Returns false if there is none with that id.
    public func drop(_ id: Int64, at now: Timestamp) async throws -> Bool {
        guard let entry = try await store.read({ db in try Outbox.entry(db, id: id) }),
            entry.state == .waiting || entry.state == .dead
        else { return false }
        return try await order([DeliveryDecision(entry, .dropped).event(at: now)]) { _ in
            try await store.write { db in try Outbox.drop(db, id: id, at: now) }
        }
    }

    /// Drops every waiting or dead delivery in one of `states`, of one receiver if given; returns
    /// how many.
    public func dropAll(
        _ states: Set<DeliveryState>, receiver: String?, at now: Timestamp
    ) async throws -> Int {
        let open = try await store.read { db in
            try Outbox.list(db, states: states.intersection([.waiting, .dead]), limit: .max)
        }.filter { receiver == nil || $0.addressee.receiver == receiver }
        return try await order(open.map { DeliveryDecision($0, .dropped).event(at: now) }) { _ in
            try await store.write { db in
                try Outbox.dropAll(db, states, receiver: receiver, at: now)
            }
        }
    }

    /// As `decide`.
    ///
    /// - Throws: 503 if this node may not decide any more, or the caller has gone. The line is in
    ///   this log: it is applied if this node decides again.
    private func order<T: Sendable>(
        _ events: [Event], _ effect: (LogPosition?) async throws -> T
    ) async throws -> T {
        do { return try await decide(events, effect) } catch is NotLeading {
            Task { _ = await resume() }
            throw Problem.notLeading
        }
    }

    /// Records final outcomes of deliveries and stores them; see `DeliverySettling`.
    public func settle(
        _ outcomes: [DeliveryOutcome], at now: Timestamp,
        _ store: @Sendable () async throws -> Void
    ) async throws {
        let events = outcomes.map { outcome in
            let kind: DeliveryDecision.Kind =
                outcome.verdict.fate == .sent ? .sent(mark: outcome.verdict.mark) : .refused
            return DeliveryDecision(
                digest: outcome.digest, addressee: outcome.addressee, kind: kind,
                words: outcome.verdict.words
            ).event(at: now)
        }
        try await decide(events) { _ in try await store() }
    }
}

extension Problem {
    /// A change that a node which leads meanwhile may lack.
    static let notLeading = retryLater(
        .serviceUnavailable, "not_leader",
        "this node no longer leads, so the change may not be in force; check on the other node and repeat it there",
        after: .seconds(1))
}
