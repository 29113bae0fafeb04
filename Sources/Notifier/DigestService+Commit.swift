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
    }

    /// Stores the machine's checkpoint and the composed digests.
    func commit(_ digests: [Digest], _ held: [Suppression]) async throws {
        let dispatch = self.dispatch
        let digests = try await annotateReplaced(digests)
        let messages = telemetry.measuring(.digests) { render(digests) }
        let checkpoint = machine.withLock { $0.checkpoint() }
        let telemetry = self.telemetry
        let now = wall.now
        try await store.write { db in
            try telemetry.measuring(.digests) {
                try Self.write(checkpoint, messages, through: dispatch, at: now, in: db)
            }
            for suppression in held {
                if case .silence(let silence, _) = suppression.cause {
                    try SilenceTable.countHeld(db, id: silence.id)
                }
            }
        }
        for message in messages { telemetry.emit(DigestComposed(digest: message.digest)) }
        if !messages.isEmpty { dispatch.wake() }
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
                return Message(digest: digest, rendered: dispatch.render(digest))
            }
        }
    }

    /// Adds to each digest the earlier, undelivered ones that it replaces.
    private func annotateReplaced(_ digests: [Digest]) async throws -> [Digest] {
        guard !digests.isEmpty else { return [] }
        let threads = Set(digests.map(\.thread))
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
            try dispatch.enqueue(message.rendered, of: message.digest, in: db)
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
