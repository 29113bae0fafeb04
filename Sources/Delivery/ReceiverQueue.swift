import Core
import Events
import Rendering
import State
import Synchronization
import Telemetry
import Transfer

/// Sends one receiver's digests, independently of other receivers.
///
/// As many at a time as the receiver takes, but those of one thread one after another.
struct ReceiverQueue: Sendable {
    let receiver: any Receiver
    let store: Store
    let policy: DeliveryPolicy
    let clock: any Clock<Duration>
    let stopwatch: Stopwatch
    let times: OutboxClock
    let telemetry: Telemetry
    let wakeSignal: WakeSignal
    /// Called after deliveries became dead and that was committed.
    let died: @Sendable () -> Void
    /// Enqueues a notice for all other receivers.
    let notifyOthers: @Sendable (RenderedDigest) async throws -> Void
    /// Records and stores final outcomes; see `DeliveryService`.
    let settling: DeliverySettling
    /// Whether this node may send now.
    let maySend: @Sendable () -> Bool
    /// Called when the receiver is reported as failing, and when it accepts digests again.
    let report: @Sendable (ReceiverChange) async -> Void
    let health = ReceiverHealth()
    private let busy = Busy()
    private let outcomes = OutcomeGroups<Tried, Settled>()

    /// The results of one digest's try.
    private struct Tried: Sendable {
        let digest: String
        let results: [(Outbox.Delivery, DeliveryAttempt.Result)]
    }

    /// The verdicts on the results that count, and when they were recorded.
    private struct Settled: Sendable {
        let verdicts: [(Outbox.Delivery, Outbox.Verdict)]
        let now: Timestamp
    }

    /// The deliveries that are being tried, and their digests.
    private final class Busy: Sendable {
        private let state = Mutex((digests: 0, deliveries: Set<Int64>()))

        var current: (digests: Int, deliveries: Set<Int64>) { state.withLock { $0 } }

        func begin(_ batch: Outbox.Batch) {
            state.withLock { state in
                state.digests += 1
                state.deliveries.formUnion(batch.deliveries.map(\.id))
            }
        }

        func end(_ batch: Outbox.Batch) {
            state.withLock { state in
                state.digests -= 1
                state.deliveries.subtract(batch.deliveries.map(\.id))
            }
        }
    }

    /// Maximum length of a timed wait; then the outbox and the clock are checked again.
    private static let longestPause = Duration.seconds(60)
    /// The time between two checks whether this node may send.
    private static let pauseWithoutLease = Duration.milliseconds(500)

    /// Delivers until the task is cancelled. Running tries may then finish within `policy.drain`,
    /// and their outcomes are recorded.
    func run() async {
        await resumeHealth()
        await withDiscardingTaskGroup { group in
            var failures = 0
            while !Task.isCancelled {
                guard maySend() else {
                    await wait(Self.pauseWithoutLease)
                    continue
                }
                if let end = health.pause(at: stopwatch.elapsed) {
                    await wait(end - stopwatch.elapsed)
                    continue
                }
                let taken = busy.current
                let free = health.places(of: max(1, receiver.parallel)) - taken.digests
                guard free > 0 else {
                    await wakeSignal.wait()
                    continue
                }
                let next: Outbox.Next
                let now: Timestamp
                do {
                    let (name, times) = (receiver.name, times)
                    (next, now) = try await store.write { db in
                        let now = try times.now(db)
                        let next = try Outbox.next(
                            db, receiver: name, at: now, limit: free, except: taken.deliveries)
                        return (next, now)
                    }
                    failures = 0
                } catch {
                    if Task.isCancelled { return }
                    failures += 1
                    await pause(after: error, failures)
                    continue
                }
                for batch in next.batches {
                    busy.begin(batch)
                    group.addTask {
                        await finish { await deliver(batch) }
                        if receiver.minimumInterval > .zero {
                            try? await clock.sleep(for: receiver.minimumInterval)
                        }
                        busy.end(batch)
                        wakeSignal.send()
                    }
                }
                guard next.batches.isEmpty else { continue }
                if let later = next.later {
                    await wait(later - now)
                } else {
                    await wakeSignal.wait()
                }
            }
        }
    }

    private func resumeHealth() async {
        let thread = NoticeDigest.thread(of: receiver.name)
        let kind = try? await store.read { db in try DigestTable.lastKind(db, thread: thread) }
        health.resume(after: kind)
    }

    private func wait(_ pause: Duration) async {
        await wakeSignal.wait(
            atMost: min(max(pause, .milliseconds(1)), Self.longestPause), on: clock)
    }

    /// Runs `body` in a task of its own; after a cancellation, for at most `policy.drain`.
    private func finish(_ body: @escaping @Sendable () async -> Void) async {
        let task = Task { await body() }
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            Task {
                try? await ContinuousClock().sleep(for: policy.drain)
                task.cancel()
            }
        }
    }

    private func deliver(_ batch: Outbox.Batch) async {
        guard maySend() else { return }
        let began = stopwatch.elapsed
        let digest = RenderedDigest(batch.digest)
        let attempt = await receiver.send(
            digest, to: batch.deliveries.map(\.recipient), following: batch.mark)
        let results = batch.deliveries.map { delivery in
            // A recipient without a result is tried again.
            let result =
                attempt.results.first { $0.recipient == delivery.recipient }
                ?? DeliveryAttempt.Result(
                    recipient: delivery.recipient, outcome: .retry(after: nil),
                    words: "no outcome was reported")
            return (delivery, result)
        }
        guard results.contains(where: { $0.1.outcome != .interrupted }),
            let settled = await outcomes.record(
                Tried(digest: digest.id, results: results), with: { await settle($0) })
        else { return }
        for (delivery, verdict) in settled.verdicts { report(digest.id, delivery, verdict) }
        if settled.verdicts.contains(where: { $0.1.fate == .dead }) { died() }
        await judge(results.map(\.1), began: began, settled.now)
    }

    /// Updates the receiver's health. Refusals for only some recipients do not count against it.
    private func judge(
        _ results: [DeliveryAttempt.Result], began: Duration, _ now: Timestamp
    ) async {
        let words = results.last?.words ?? ""
        if results.contains(where: { $0.outcome == .sent }) {
            let ended = health.delivered()
            if ended.pause { telemetry.emit(ReceiverResumed(receiver: receiver.name)) }
            if ended.failing {
                await announce(.recovered(receiver.name), at: now)
            } else if ended.pause {
                // The others got the notice of the pause, which may be an open alert there.
                await announceToOthers(NoticeDigest.changed(.recovered(receiver.name), at: now))
            }
            return
        }
        // A refusal or failure for only some of the recipients is not the receiver's.
        guard Set(results.map(\.recipient)).isSuperset(of: receiver.recipients) else { return }
        if !results.allSatisfy({ $0.outcome == .refused }) {
            let asked = results.compactMap { result -> Duration? in
                guard case .retry(let after) = result.outcome else { return nil }
                return after
            }.max()
            health.failed(
                began: began, at: stopwatch.elapsed,
                asked: asked.map { min($0, policy.longestRetryAfter) }, words: words, policy)
        } else if health.refused(began: began, at: stopwatch.elapsed, words: words, policy) {
            telemetry.emit(
                ReceiverPaused(receiver: receiver.name, words: words, pause: policy.pause))
            let notice = NoticeDigest.paused(
                receiver.name, words: words, policy, at: now)
            // The pause is already in the log, and the dead letters are in the outbox.
            await announceToOthers(notice)
        }
    }

    /// Reports the receiver once if it has failed for `policy.failingAfter`.
    func lookAtHealth(at now: Timestamp) async {
        guard let (failing, isPaused) = health.takeFailing(at: stopwatch.elapsed, policy) else {
            return
        }
        let change = ReceiverChange.failing(
            receiver.name, since: now - failing.time, words: failing.words)
        // The notice of the pause says the same.
        await announce(change, at: now, others: !isPaused)
    }

    /// The receiver's failure, if it has lasted for `policy.failingAfter`.
    var failing: ReceiverHealth.Failing? { health.failing(at: stopwatch.elapsed, policy) }

    private func announce(_ change: ReceiverChange, at now: Timestamp, others: Bool = true) async {
        telemetry.emit(ReceiverChanged(change: change))
        await report(change)
        if others { await announceToOthers(NoticeDigest.changed(change, at: now)) }
    }

    private func announceToOthers(_ notice: RenderedDigest) async {
        do { try await notifyOthers(notice) } catch {
            telemetry.emit(DeliveryStoreFailed(receiver: receiver.name, fault: "\(error)"))
        }
    }

    /// Records the outcomes of tries, and retries until it succeeds: otherwise the digests would be
    /// sent twice. Returns nil if the task is cancelled before that.
    private func settle(_ tried: [Tried]) async -> [Settled]? {
        guard let settled = await untilDone({ try await self.verdicts(on: tried) }),
            let now = settled.first?.now
        else { return nil }
        var ended: [DeliveryOutcome] = []
        for (tried, settled) in zip(tried, settled) {
            for (delivery, verdict) in settled.verdicts where !verdict.fate.isRetry {
                ended.append(
                    DeliveryOutcome(
                        digest: tried.digest,
                        addressee: Addressee(
                            receiver: receiver.name, recipient: delivery.recipient),
                        verdict: verdict))
            }
        }
        do {
            try await settling(ended, now) {
                let stored: Void? = await untilDone {
                    try await store.write { db in
                        for (delivery, verdict) in settled.flatMap(\.verdicts) {
                            try Outbox.settle(db, delivery.id, verdict, at: now)
                        }
                    }
                }
                if stored == nil { throw CancellationError() }
            }
        } catch { return nil }
        return settled
    }

    /// The verdicts of the tries that count, and the time of them.
    private func verdicts(on tried: [Tried]) async throws -> [Settled] {
        let (policy, times) = (policy, times)
        return try await store.write { db in
            let now = try times.now(db)
            var generator = SystemRandomNumberGenerator()
            return try tried.map { tried in
                var verdicts: [(Outbox.Delivery, Outbox.Verdict)] = []
                for (delivery, result) in tried.results {
                    let age = try Outbox.age(db, delivery.id, at: now)
                    guard
                        let verdict = policy.verdict(
                            result, delivery, age: age, at: now, using: &generator)
                    else { continue }
                    verdicts.append((delivery, verdict))
                }
                return Settled(verdicts: verdicts, now: now)
            }
        }
    }

    /// Calls `body` until it succeeds; nil if the task is cancelled before that.
    private func untilDone<T>(_ body: () async throws -> T) async -> T? {
        var failures = 0
        while true {
            do { return try await body() } catch {
                if Task.isCancelled { return nil }
                failures += 1
                await pause(after: error, failures)
            }
        }
    }

    private func pause(after error: any Error, _ failures: Int) async {
        telemetry.emit(DeliveryStoreFailed(receiver: receiver.name, fault: "\(error)"))
        let policy = RetryPolicy(initial: .milliseconds(100), factor: 2, ceiling: .seconds(10))
        try? await clock.sleep(
            for: policy.delay(after: failures) + .milliseconds(10))
    }

    private func report(
        _ digest: String, _ delivery: Outbox.Delivery, _ verdict: Outbox.Verdict
    ) {
        switch verdict.fate {
        case .sent:
            telemetry.emit(
                DeliverySent(
                    receiver: receiver.name, kind: receiver.kind, digest: digest,
                    recipient: delivery.recipient, tries: delivery.tries +| 1))
        case .dead:
            telemetry.emit(
                DeliveryDied(
                    receiver: receiver.name, kind: receiver.kind, digest: digest,
                    recipient: delivery.recipient, words: verdict.words))
        case .again(let moment):
            telemetry.emit(
                DeliveryFailed(
                    receiver: receiver.name, kind: receiver.kind, digest: digest,
                    recipient: delivery.recipient, tries: delivery.tries +| 1,
                    words: verdict.words, again: moment.rfc3339))
        }
    }
}
