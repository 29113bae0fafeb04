import Events
import Rendering
import State
import Synchronization
import Telemetry
import TestSupport
import Transfer

@testable import Delivery

/// A store, a manual clock and a running delivery service.
final class DeliveryBench: Sendable {
    let folder: TemporaryDirectory
    let store: Store
    let clock = ManualClock()
    let telemetry = Telemetry.silent
    let engine = TransferEngine(telemetry: .silent)
    private let dead = Mutex<[DeadLetter]>([])
    private let changed = Mutex<[ReceiverChange]>([])

    init() throws {
        folder = try TemporaryDirectory("delivery")
        store = try Store(path: folder.file("state.sqlite"))
    }

    var deadLetters: [DeadLetter] { dead.withLock { $0 } }
    var changes: [ReceiverChange] { changed.withLock { $0 } }

    func service(
        _ receivers: [any Receiver], policy: DeliveryPolicy = DeliveryPolicy(),
        maySend: @escaping @Sendable () -> Bool = { true }
    ) -> DeliveryService {
        DeliveryService(
            store: store, receivers: receivers, policy: policy, clock: clock, wall: clock.wall,
            telemetry: telemetry, onDead: { letter in self.dead.withLock { $0.append(letter) } },
            onChange: { change in self.changed.withLock { $0.append(change) } },
            maySend: maySend)
    }

    /// Runs `body` while the service runs, then stops the service.
    func running<T: Sendable>(
        _ service: DeliveryService, _ body: @Sendable () async throws -> T
    ) async throws -> T {
        let task = Task { await service.run() }
        let result: Result<T, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        task.cancel()
        await task.value
        return try result.get()
    }

    func enqueue(_ digests: [RenderedDigest], _ service: DeliveryService) async throws {
        let addressees = service.receivers.flatMap(\.addressees)
        let now = clock.wall.now
        try await store.write { db in
            for digest in digests { try Outbox.enqueue(db, digest, to: addressees, at: now) }
        }
        service.wake()
    }

    /// Newest first.
    func entries() async throws -> [OutboxEntry] {
        try await store.read { db in try Outbox.list(db) }
    }

    func count(_ state: DeliveryState) async throws -> Int {
        try await store.read { db in try Outbox.counts(db)[state] ?? 0 }
    }

    /// Advances time in small steps until the condition holds.
    func passing(
        _ step: Duration = .milliseconds(100), until what: String,
        _ condition: @Sendable () async throws -> Bool
    ) async throws {
        try await eventually(what) {
            if try await condition() { return true }
            clock.advance(by: step)
            return false
        }
    }
}

/// A receiver with scripted results that records its deliveries.
final class ScriptedReceiver: Receiver {
    let name: String
    let kind = "scripted"
    let recipients: [String]
    let minimumInterval: Duration
    let parallel: Int
    private let answer: @Sendable (RenderedDigest, String, Int) async -> DeliveryAttempt.Outcome
    private let seen = Mutex<[(digest: String, recipients: [String])]>([])

    /// `answer` decides by digest, recipient and the number of the call (from 0).
    init(
        _ name: String, recipients: [String] = [""], minimumInterval: Duration = .zero,
        parallel: Int = 1,
        _ answer:
            @escaping @Sendable (RenderedDigest, String, Int) async -> DeliveryAttempt.Outcome
    ) {
        self.name = name
        self.recipients = recipients
        self.minimumInterval = minimumInterval
        self.parallel = parallel
        self.answer = answer
    }

    var calls: [(digest: String, recipients: [String])] { seen.withLock { $0 } }

    func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt {
        let turn = seen.withLock { seen in
            seen.append((digest.id, recipients))
            return seen.count - 1
        }
        var results: [DeliveryAttempt.Result] = []
        for recipient in recipients {
            let outcome = await answer(digest, recipient, turn)
            results.append(
                DeliveryAttempt.Result(
                    recipient: recipient, outcome: outcome, words: "call \(turn)"))
        }
        return DeliveryAttempt(results: results)
    }
}
