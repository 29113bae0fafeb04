import Core
import Delivery
import Digests
import EventLog
import Events
import Rendering
import State
import Synchronization
import Telemetry

// What the machine composes becomes durable: one transaction for digests, outbox rows, group
// states and the cursor.
extension DigestService {
    /// A digest and its rendering, which is done before the transaction.
    private struct Message: Sendable {
        let digest: Digest
        let rendered: RenderedDigest
        let addressees: [Addressee]
    }

    /// Stores the machine's checkpoint and the composed digests.
    func commit(_ digests: [Digest], _ held: [Suppression]) async throws {
        let dispatch = self.dispatch
        var digests = try await annotateReplaced(digests)
        if let since = decisions.aloneSince {
            for place in digests.indices { digests[place].aloneSince = since }
        }
        let messages = telemetry.measuring(.digests) { [digests] in render(digests) }
        let (checkpoint, position) = machine.withLock { ($0.checkpoint(), $0.position) }
        let now = wall.now
        var decision = DigestDecision(position: checkpoint.position, at: now)
        decision.messages = messages.map {
            DigestDecision.Message(
                digest: DigestTable.Row($0.rendered), addressees: $0.addressees,
                replaced: $0.digest.replacedIds)
        }
        decision.states = checkpoint.decisions
        decision.held = held.compactMap { suppression in
            guard case .silence(let silence, _) = suppression.cause else { return nil }
            return silence.id
        }
        let events = telemetry.measuring(.digests) { decision.events() }
        let (telemetry, decisions, silences) = (telemetry, decisions, decision.held)
        try await decisions.decide(events) { end in
            try await untilStored(isDecided: !events.isEmpty) {
                try await store.write { db in
                    try telemetry.measuring(.digests) {
                        try Self.write(checkpoint, messages, through: dispatch, at: now, in: db)
                    }
                    for id in silences { try SilenceTable.countHeld(db, id: id) }
                    if let end {
                        try CursorTable.move(db, DecisionReplay.digestCursor, to: end)
                    } else if events.isEmpty {
                        try CursorTable.move(
                            db, DecisionLog.cursorName, to: decisions.applied(upTo: position))
                    }
                }
            }
        }
        for message in messages { telemetry.emit(DigestComposed(digest: message.digest)) }
        if !messages.isEmpty { dispatch.wake() }
    }

    /// Stores a commit. One whose decision is in the log is repeated until it is stored or the
    /// task is cancelled: it must not be decided again.
    private func untilStored(isDecided: Bool, _ store: () async throws -> Void) async throws {
        var failures = 0
        while true {
            do { return try await store() } catch {
                guard isDecided, !Task.isCancelled else { throw error }
                failures += 1
                show(fault: "\(error)")
                telemetry.emit(DigestServiceFailed(fault: "\(error)", failures: failures))
                try await clock.sleep(for: Self.retry.bound(after: failures))
            }
        }
    }

    /// Composes the digests that are due, except those whose composition crashed the process.
    func compose(
        _ machine: inout DigestMachine, now: Timestamp, caughtUp: Bool
    ) -> [Digest] {
        let position = machine.position
        return lines.reading { reading in
            machine.due(now: now, caughtUp: caughtUp) { key in
                reading.admits("compose", of: key.text, naming: .init(key), at: position)
            }
        }
    }

    /// Renders digests, except those whose rendering crashed the process: their groups are
    /// reset.
    private func render(_ digests: [Digest]) -> [Message] {
        guard !digests.isEmpty else { return [] }
        let position = position
        return lines.reading { reading in
            digests.compactMap { digest in
                let isAdmitted = reading.admits(
                    "render", of: digest.group.text, naming: .init(digest.group), at: position)
                guard isAdmitted else {
                    machine.withLock { $0.beginAnew(digest.group) }
                    return nil
                }
                return Message(
                    digest: digest, rendered: dispatch.render(digest),
                    addressees: dispatch.addressees(of: digest))
            }
        }
    }

    /// Adds to each digest the earlier, undelivered ones that it replaces.
    private func annotateReplaced(_ digests: [Digest]) async throws -> [Digest] {
        // The first digest of a thread replaces none.
        let threads = Set(digests.filter { $0.id != "\($0.thread).1" }.map(\.thread))
        guard !threads.isEmpty else { return digests }
        let now = wall.now
        let stale = try await store.read { db in
            try Outbox.stale(db, threads: threads, at: now)
        }
        guard !stale.isEmpty else { return digests }
        return digests.map { digest in
            var digest = digest
            digest.replaces = stale.filter {
                $0.thread == digest.thread && digest.receivers.contains($0.receiver)
            }.map { Digest.Replaced(id: $0.digest, receiver: $0.receiver) }
            return digest
        }
    }

    private static func write(
        _ checkpoint: Checkpoint, _ messages: [Message], through dispatch: any DigestDispatch,
        at now: Timestamp, in db: Store.Transaction
    ) throws {
        for message in messages {
            try dispatch.enqueue(
                message.rendered, of: message.digest, to: message.addressees, at: now, in: db)
        }
        for key in checkpoint.removed { try DigestGroupTable.remove(db, key: key) }
        try checkpoint.forEachChanged { key, state in
            try DigestGroupTable.put(db, key: key, state: state, at: now)
        }
        try CursorTable.move(db, cursorName, to: checkpoint.position)
    }
}

extension QuarantinedLine.Names {
    fileprivate init(_ key: GroupKey) {
        self.init(what: "the digest of " + key.fields.map(\.value).joined(separator: "/"))
    }
}
