import Digests
import EventLog
import Events
import JSON
import State
import Telemetry

/// Applies the decisions in the log to the state file, before anything is decided again.
///
/// Usually that is nothing, or what a killed process had logged and not stored. With a new state
/// file it is everything: digests with their bytes, deliveries and their outcomes, silences, and
/// the state of every incident.
struct DecisionReplay {
    let eventLog: EventLog
    let store: Store
    let telemetry: Telemetry

    /// Decisions of the digest service up to this durable position are applied. A state must not
    /// be replaced by an older one.
    static let digestCursor = "digest.decided"
    /// Most decisions in one transaction.
    private static let batchLines = 500

    /// What a new state file was rebuilt from.
    struct Outcome: Sendable, Equatable {
        var decisions = 0
        /// The digest service's position at the last decision.
        var position: LogPosition?
    }

    /// Applies the decisions after the last one that is known to be applied.
    @discardableResult
    func run() async throws -> Outcome {
        let (start, decided, isNew) = try await store.read { db in
            (
                try CursorTable.position(db, of: DecisionLog.cursorName) ?? .start,
                try CursorTable.position(db, of: Self.digestCursor) ?? .start,
                try CursorTable.position(db, of: DigestService.cursorName) == nil
            )
        }
        var outcome = Outcome()
        var reading = DigestDecision.Reading()
        var reader = eventLog.reader(
            from: start,
            query: EventLogQuery(where: .isOne(of: EventName.decisions, in: "event")))
        let lines = eventLog.lineGuard(of: .decisions)
        while true {
            let batch = try await reader.next(maxLines: Self.batchLines, maxBytes: 4 << 20)
            let eventLog = eventLog
            let found = await lines.fold(batch.lines, into: Found(reading: reading)) {
                found, line in
                // A line of another sender decides nothing.
                guard eventLog.wrote(line.bytes), let event = try? Event(line: line.bytes) else {
                    return
                }
                found.add(event, at: line.end, after: decided)
            }
            reading = found.reading
            outcome.decisions += found.decisions.count
            outcome.position = found.position ?? outcome.position
            // A start in the middle of a decision's lines would not find it.
            let position = reading.isOpen ? nil : batch.end
            try await store.write { db in
                try lines.reading { reading in
                    for (decision, end) in found.decisions {
                        // One that ends the process is skipped too, and reported.
                        let isAdmitted = reading.admits(
                            "apply", of: "\(end) \(decision.subject)",
                            naming: .init(what: "storing the decision that ends at \(end)"),
                            at: end)
                        if isAdmitted { try decision.apply(db) }
                    }
                }
                guard let position else { return }
                try CursorTable.move(db, DecisionLog.cursorName, to: position)
            }
            if batch.isCaughtUp { break }
        }
        if isNew, let position = outcome.position { try await begin(at: position) }
        if outcome.decisions > 0 { telemetry.emit(DecisionsReplayed(count: outcome.decisions)) }
        return outcome
    }

    /// Sets where the digest service starts to read with the rebuilt states.
    private func begin(at position: LogPosition) async throws {
        let oldest = LogPosition(segment: eventLog.status.oldestSegment, offset: 0)
        try await store.write { db in
            let rebuilding = DigestMachine.rebuilding(
                try DigestGroupTable.all(db), decidedAt: position)
            for key in rebuilding.forgotten { try DigestGroupTable.remove(db, key: key) }
            // Lines that the log removed since are not missing: their groups' states are here.
            try CursorTable.move(db, DigestService.cursorName, to: max(rebuilding.from, oldest))
        }
    }

    /// One decision to apply.
    private enum Decision: Sendable {
        case digests(DigestDecision, end: LogPosition)
        case delivery(DeliveryDecision, at: Timestamp)
        case reported(digest: String, Addressee)
        case silence(SilenceDecision)

        /// What it concerns, for the note of what is being applied.
        var subject: String {
            switch self {
            case .digests(let decision, _):
                decision.messages.map(\.digest.group).joined(separator: " ")
            case .delivery: "delivery"
            case .reported(let digest, _): digest
            case .silence: "silence"
            }
        }

        func apply(_ db: Store.Transaction) throws {
            switch self {
            case .digests(let decision, let end):
                try decision.apply(db)
                try CursorTable.move(db, DecisionReplay.digestCursor, to: end)
            case .delivery(let decision, let moment): try decision.apply(db, at: moment)
            case .reported(let digest, let addressee):
                guard let id = try Outbox.id(db, digest: digest, addressee: addressee) else {
                    return
                }
                try Outbox.markReported(db, [id])
            case .silence(let decision): try decision.apply(db)
            }
        }
    }

    /// The decisions of a batch, in order.
    private struct Found: Sendable {
        var reading: DigestDecision.Reading
        var decisions: [(decision: Decision, end: LogPosition)] = []
        var position: LogPosition?

        mutating func add(_ event: Event, at end: LogPosition, after decided: LogPosition) {
            if let decision = reading.add(event) {
                guard end > decided else { return }
                decisions.append((.digests(decision, end: end), end))
                position = decision.position
            } else if let decision = DeliveryDecision(event) {
                decisions.append((.delivery(decision, at: event.ts), end))
            } else if let decision = SilenceDecision(event) {
                decisions.append((.silence(decision), end))
            } else if event.event == EventName.deliveryDead,
                let digest = event.extra("digest")?.string,
                let receiver = event.extra("receiver")?.string
            {
                let addressee = Addressee(
                    receiver: receiver, recipient: event.extra("recipient")?.string ?? "")
                decisions.append((.reported(digest: digest, addressee), end))
            }
        }
    }
}

extension DigestDecision {
    /// Stores the digests, their deliveries and the states of the groups, as the commit did.
    func apply(_ db: Store.Transaction) throws {
        for message in messages {
            try DigestTable.add(db, message.digest)
            try Outbox.add(
                db, message.digest, to: message.addressees, replacing: message.replaced, at: moment)
        }
        for (key, state) in states {
            try DigestGroupTable.put(db, key: key, state: state, at: moment)
        }
        for id in held { try SilenceTable.countHeld(db, id: id) }
    }
}
