import Events
import Rendering
import Store
import Telemetry
import Transfer

/// One receiver's deliveries, one after the other, independent of every other
/// receiver's.
struct ReceiverQueue: Sendable {
    let receiver: any Receiver
    let store: Store
    let policy: DeliveryPolicy
    let clock: any Clock<Duration>
    let stopwatch: Stopwatch
    let times: OutboxClock
    let telemetry: Telemetry
    let bell: WakeSignal
    /// Told after deliveries died and that was committed.
    let died: @Sendable () -> Void
    /// Enqueues a notice for every other receiver.
    let notifyOthers: @Sendable (RenderedDigest) async throws -> Void
    let health = ReceiverHealth()

    /// A wait is looked at anew this often.
    private static let longestPause = Duration.seconds(60)

    /// Delivers until cancelled. A try that is under way then may come to its
    /// end within `policy.drain`, and is settled.
    func run() async {
        var failures = 0
        while !Task.isCancelled {
            if let end = health.pause(at: stopwatch.elapsed) {
                await wait(end - stopwatch.elapsed)
                continue
            }
            let next: Outbox.Next
            let now: Timestamp
            do {
                let (name, times) = (receiver.name, times)
                (next, now) = try await store.write { db in
                    let now = try times.now(db)
                    return (try Outbox.next(db, receiver: name, at: now), now)
                }
                failures = 0
            } catch {
                if Task.isCancelled { return }
                failures += 1
                await pause(after: error, failures)
                continue
            }
            switch next {
            case .nothing: await bell.wait()
            case .later(let moment): await wait(moment - now)
            case .batch(let digest, let deliveries, let mark):
                await finish { await deliver(digest, deliveries, mark) }
                if receiver.minimumInterval > .zero {
                    try? await clock.sleep(for: receiver.minimumInterval)
                }
            }
        }
    }

    private func wait(_ pause: Duration) async {
        await bell.wait(
            atMost: min(max(pause, .milliseconds(1)), Self.longestPause), on: clock)
    }

    /// Runs `body` out of reach of this task's cancellation, then for at most
    /// `policy.drain`.
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

    private func deliver(
        _ digest: RenderedDigest, _ deliveries: [Outbox.Delivery], _ mark: String?
    ) async {
        let attempt = await receiver.send(
            digest, to: deliveries.map(\.recipient), following: mark)
        let results = deliveries.map { delivery in
            // A receiver that forgets someone has not delivered to them.
            let result =
                attempt.results.first { $0.recipient == delivery.recipient }
                ?? DeliveryAttempt.Result(
                    recipient: delivery.recipient, outcome: .retry(after: nil),
                    words: "no outcome was reported")
            return (delivery, result)
        }
        guard results.contains(where: { $0.1.outcome != .interrupted }),
            let (verdicts, now) = await settle(results)
        else { return }
        for (delivery, verdict) in verdicts { report(digest.id, delivery, verdict) }
        if verdicts.contains(where: { $0.1.fate == .dead }) { died() }
        await judge(attempt, now)
    }

    /// Refusals for a few of several recipients are theirs, not the receiver's.
    private func judge(_ attempt: DeliveryAttempt, _ now: Timestamp) async {
        let results = attempt.results
        if results.contains(where: { $0.outcome == .sent }) {
            if health.delivered() { telemetry.emit(ReceiverResumed(receiver: receiver.name)) }
        } else if results.allSatisfy({ $0.outcome == .refused }),
            Set(results.map(\.recipient)).isSuperset(of: receiver.recipients),
            health.refused(at: stopwatch.elapsed, policy)
        {
            let words = results.last?.words ?? ""
            telemetry.emit(
                ReceiverPaused(receiver: receiver.name, words: words, pause: policy.pause))
            let notice = NoticeDigest.paused(
                receiver.name, words: words, for: policy.pause, at: now)
            do { try await notifyOthers(notice) } catch {
                // The log has it, and the dead letters stand in the outbox.
                telemetry.emit(DeliveryStoreFailed(receiver: receiver.name, fault: "\(error)"))
            }
        }
    }

    /// Writes the outcome, again and again: going on without would send twice.
    /// nil when cancelled before it could be written.
    private func settle(
        _ results: [(Outbox.Delivery, DeliveryAttempt.Result)]
    ) async -> (verdicts: [(Outbox.Delivery, Outbox.Verdict)], now: Timestamp)? {
        let (policy, times) = (policy, times)
        var failures = 0
        while true {
            do {
                return try await store.write { db in
                    let now = try times.now(db)
                    var generator = SystemRandomNumberGenerator()
                    var verdicts: [(Outbox.Delivery, Outbox.Verdict)] = []
                    for (delivery, result) in results {
                        let age = try Outbox.age(db, delivery.id, at: now)
                        guard
                            let verdict = policy.verdict(
                                result, delivery, age: age, at: now, using: &generator)
                        else { continue }
                        try Outbox.settle(db, delivery.id, verdict, at: now)
                        verdicts.append((delivery, verdict))
                    }
                    return (verdicts, now)
                }
            } catch {
                if Task.isCancelled { return nil }
                failures += 1
                await pause(after: error, failures)
            }
        }
    }

    private func pause(after error: any Error, _ failures: Int) async {
        telemetry.emit(DeliveryStoreFailed(receiver: receiver.name, fault: "\(error)"))
        var generator = SystemRandomNumberGenerator()
        let policy = RetryPolicy(initial: .milliseconds(100), factor: 2, ceiling: .seconds(10))
        try? await clock.sleep(
            for: policy.delay(after: failures, using: &generator) + .milliseconds(10))
    }

    private func report(
        _ digest: String, _ delivery: Outbox.Delivery, _ verdict: Outbox.Verdict
    ) {
        switch verdict.fate {
        case .sent:
            telemetry.emit(
                DeliverySent(
                    receiver: receiver.name, kind: receiver.kind, digest: digest,
                    recipient: delivery.recipient, tries: delivery.tries + 1))
        case .dead:
            telemetry.emit(
                DeliveryDied(
                    receiver: receiver.name, kind: receiver.kind, digest: digest,
                    recipient: delivery.recipient, words: verdict.words))
        case .again(let moment):
            telemetry.emit(
                DeliveryFailed(
                    receiver: receiver.name, kind: receiver.kind, digest: digest,
                    recipient: delivery.recipient, tries: delivery.tries + 1,
                    words: verdict.words, again: moment.rfc3339))
        }
    }
}
