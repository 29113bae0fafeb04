public import Events
import Core
import Rendering
import Synchronization
public import State
public import Telemetry
import Transfer

/// The final outcome of a delivery.
public struct DeliveryOutcome: Sendable, Equatable {
    public let digest: String
    public let addressee: Addressee
    public let verdict: Outbox.Verdict

    public init(digest: String, addressee: Addressee, verdict: Outbox.Verdict) {
        self.digest = digest
        self.addressee = addressee
        self.verdict = verdict
    }
}

/// Records final outcomes and then calls `store`, which stores them.
public typealias DeliverySettling =
    @Sendable (
        _ outcomes: [DeliveryOutcome], _ now: Timestamp,
        _ store: @escaping @Sendable () async throws -> Void
    ) async throws -> Void

/// Sends the deliveries in the outbox. Each receiver has its own queue, so a slow one does not
/// delay the others.
///
/// Delivery is at least once. A delivery recorded as sent is not sent again. If the process ends
/// after sending and before recording it, the delivery is sent again with the same digest id and
/// Message-ID. Each recipient gets the digests of an incident in the order in which they were
/// enqueued. Thread-safe.
public final class DeliveryService: Sendable {
    private let queues: Mutex<[ReceiverQueue]>
    private let store: Store
    private let policy: DeliveryPolicy
    private let clock: any Clock<Duration>
    private let wall: WallClock
    private let stopwatch: Stopwatch
    /// The wall-clock time at the stopwatch's zero.
    private let began: Timestamp
    private let times: OutboxClock
    private let telemetry: Telemetry
    private let onDead: @Sendable (DeadLetter) async -> Void
    private let onChange: @Sendable (ReceiverChange) async -> Void
    private let settling: DeliverySettling
    private let maySend: @Sendable () -> Bool
    private let deadLetterSignal = WakeSignal()
    /// Signaled when the receivers are replaced.
    private let newEntrySignal = WakeSignal()

    /// Interval between checks for commits of other processes.
    private static let foreignLook = Duration.seconds(1)
    private static let pruneEvery = Duration.seconds(3600)

    /// - Parameters:
    ///   - retryCeilings: Maximum delay between two tries, for receivers whose maximum differs from
    ///     the policy's.
    ///   - onDead: Called at least once for each dead letter after it is durable, one call at a
    ///     time. Called again for a letter if the process ended during its call.
    ///   - settling: Called with the outcomes of tries that are final, and when they were made;
    ///     records them, and then calls the function that stores them, which throws only if the
    ///     service is cancelled.
    ///   - maySend: Whether this node may send now; asked before each try.
    ///   - onChange: Called when a receiver has failed for `policy.failingAfter`, and when it accepts
    ///     digests again after that.
    public init(
        store: Store, receivers: [any Receiver], policy: DeliveryPolicy = DeliveryPolicy(),
        retryCeilings: [String: Duration] = [:],
        clock: any Clock<Duration> = ContinuousClock(), wall: WallClock = .system,
        telemetry: Telemetry, onDead: @escaping @Sendable (DeadLetter) async -> Void = { _ in },
        onChange: @escaping @Sendable (ReceiverChange) async -> Void = { _ in },
        maySend: @escaping @Sendable () -> Bool = { true },
        settling: @escaping DeliverySettling = { _, _, store in try await store() }
    ) {
        self.store = store
        self.policy = policy
        self.clock = clock
        self.wall = wall
        stopwatch = Stopwatch(clock)
        began = wall.now
        times = OutboxClock(
            wall: wall, clock: clock,
            longestWait: ([policy.retry.ceiling, policy.longestRetryAfter] + retryCeilings.values)
                .max() ?? .zero,
            telemetry: telemetry)
        self.telemetry = telemetry
        self.onDead = onDead
        self.onChange = onChange
        self.settling = settling
        self.maySend = maySend
        DeadLettersDropped(receivers: [], count: 0).record(in: telemetry.registry)
        queues = Mutex([])
        queues.withLock { $0 = makeQueues(receivers, retryCeilings) }
    }

    private func makeQueues(
        _ receivers: [any Receiver], _ retryCeilings: [String: Duration]
    ) -> [ReceiverQueue] {
        Self.declare(receivers, in: telemetry.registry)
        let wakeSignals = receivers.map { _ in WakeSignal() }
        let (store, deadLetterSignal, onChange) = (store, deadLetterSignal, onChange)
        let (settling, maySend) = (settling, maySend)
        return zip(receivers, wakeSignals).map { receiver, wakeSignal in
            var own = policy
            if let ceiling = retryCeilings[receiver.name] {
                own.retry = RetryPolicy(
                    initial: own.retry.initial, factor: own.retry.factor, ceiling: ceiling)
            }
            let others = receivers.filter { $0.name != receiver.name }.flatMap(\.addressees)
            return ReceiverQueue(
                receiver: receiver, store: store, policy: own, clock: clock,
                stopwatch: stopwatch, times: times, telemetry: telemetry, wakeSignal: wakeSignal,
                died: { deadLetterSignal.send() },
                notifyOthers: { notice in
                    try await store.write { db in
                        try Outbox.enqueue(db, notice, to: others, at: notice.composedAt)
                    }
                    for wakeSignal in wakeSignals { wakeSignal.send() }
                }, settling: settling, maySend: maySend, report: onChange)
        }
    }

    private static func declare(_ receivers: [any Receiver], in registry: PrometheusRegistry) {
        for receiver in receivers {
            DeliveryCounters.declare(
                receiver: receiver.name, kind: receiver.kind, in: registry)
        }
    }

    /// Replaces the receivers. Running tries may finish within `policy.drain`.
    ///
    /// Waiting deliveries of removed receivers become dead letters; pauses are reset.
    public func replace(receivers: [any Receiver], retryCeilings: [String: Duration] = [:]) {
        let new = makeQueues(receivers, retryCeilings)
        queues.withLock { $0 = new }
        newEntrySignal.send()
    }

    private var inForce: [ReceiverQueue] { queues.withLock { $0 } }

    public var receivers: [any Receiver] { inForce.map(\.receiver) }

    /// How a receiver fares.
    public struct ReceiverState: Sendable, Equatable {
        public let name: String
        public let kind: String
        /// Digests refused in a row.
        public let refusals: Int
        /// The rest of the pause after too many refusals; nil if there is none.
        public let pause: Duration?
    }

    public var states: [ReceiverState] {
        let now = stopwatch.elapsed
        return inForce.map { queue in
            ReceiverState(
                name: queue.receiver.name, kind: queue.receiver.kind,
                refusals: queue.health.refusals, pause: queue.health.pause(at: now).map { $0 - now }
            )
        }
    }

    /// The receivers that have accepted nothing for `policy.failingAfter`: `name: last answer`.
    public var failingReceivers: [String] {
        inForce.compactMap { queue in
            queue.failing.map { "\(queue.receiver.name): \($0.words)" }
        }
    }

    /// Returns the addressees of the named receivers; unknown names have none.
    public func addressees(of names: [String]) -> [Addressee] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }.flatMap { name in
            inForce.first { $0.receiver.name == name }?.receiver.addressees ?? []
        }
    }

    /// Enqueues a message about the node itself for all receivers. It does not depend on the event
    /// log, on digests or on templates.
    ///
    /// - Throws: If the state file cannot be written.
    public func notify(
        kind: String, subject: String, words: String, at now: Timestamp
    ) async throws {
        let notice = NoticeDigest.own(kind: kind, subject: subject, words: words, at: now)
        let addressees = receivers.flatMap(\.addressees)
        try await store.write { db in
            try Outbox.enqueue(db, notice, to: addressees, at: now)
        }
        wake()
    }

    /// Starts delivery of due rows. Call it after a commit that enqueued or retried deliveries.
    public func wake() {
        for queue in inForce { queue.wakeSignal.send() }
        deadLetterSignal.send()
    }

    /// Delivers until the task is cancelled; running tries may then finish within `policy.drain`.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.serve() }
            group.addTask { await self.watch() }
            group.addTask { await self.announce() }
        }
    }

    /// Runs the current queues until cancelled, and starts the new ones after a replacement.
    private func serve() async {
        while !Task.isCancelled {
            await markOrphanedDeliveriesDead()
            let queues = inForce
            await withTaskGroup(of: Void.self) { group in
                for queue in queues { group.addTask { await queue.run() } }
                group.addTask { await self.newEntrySignal.wait() }
                // A queue ends only when it is cancelled, so this returns at `newEntrySignal` or at
                // the end.
                await group.next()
                group.cancelAll()
            }
        }
    }

    private func markOrphanedDeliveriesDead() async {
        let known = Set(inForce.flatMap(\.receiver.addressees))
        let times = times
        do {
            try await store.write { db in
                try Outbox.markOrphanedDeliveriesDead(db, known: known, at: times.now(db))
            }
            // `announce` may have read the outbox before this commit.
            deadLetterSignal.send()
        } catch {
            telemetry.emit(DeliveryStoreFailed(receiver: "", fault: "\(error)"))
        }
    }

    /// Checks for changes by other processes and for clock changes, and prunes the outbox.
    private func watch() async {
        var seen = try? await store.foreignChanges()
        let times = times
        var last = wall.now
        var pruned = stopwatch.elapsed
        while !Task.isCancelled {
            try? await clock.sleep(for: Self.foreignLook)
            // Adjusts the deliveries to a clock that was set, and wakes the queues if it was set
            // back.
            if let now = try? await store.write({ db in try times.now(db) }) {
                if now < last { for queue in inForce { queue.wakeSignal.send() } }
                last = now
            }
            for queue in inForce { await queue.lookAtHealth(at: wall.now) }
            if let present = try? await store.foreignChanges(), present != seen {
                seen = present
                // A user may have fixed the receiver and run `outbox retry`.
                for queue in inForce { queue.health.lookAgain() }
                wake()
            }
            if stopwatch.elapsed - pruned >= Self.pruneEvery {
                pruned = stopwatch.elapsed
                await prune()
            }
        }
    }

    private func prune() async {
        // Limits `now` to the elapsed time, so that a clock set forward does not prune rows early.
        let now = min(wall.now, began + stopwatch.elapsed)
        let policy = policy
        let pruned = try? await store.write { db in
            try Outbox.prune(db, before: now - policy.keep, deadAtMost: policy.keepDead)
        }
        guard let pruned, pruned.dead > 0 else { return }
        telemetry.emit(DeadLettersDropped(receivers: pruned.receivers, count: pruned.dead))
    }

    /// Reports dead letters to `onDead`, including unreported ones from earlier runs.
    private func announce() async {
        while !Task.isCancelled {
            do {
                let letters = try await store.read { db in try Outbox.unreported(db) }
                for letter in letters {
                    await onDead(letter)
                    try await store.write { db in try Outbox.markReported(db, [letter.id]) }
                }
            } catch {
                if Task.isCancelled { return }
                telemetry.emit(DeliveryStoreFailed(receiver: "", fault: "\(error)"))
                try? await clock.sleep(for: .seconds(1))
                continue
            }
            await deadLetterSignal.wait()
        }
    }
}
