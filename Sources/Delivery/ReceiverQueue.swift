import Events
import Rendering
import Store
import Telemetry
import Transfer

/// Sends one receiver's digests one at a time, independently of other receivers.
struct ReceiverQueue: Sendable {
    let receiver: any Receiver
    let store: Store
    let policy: DeliveryPolicy
    let clock: any Clock<Duration>
    let stopwatch: Stopwatch
    let times: OutboxClock
    let telemetry: Telemetry
    let bell: WakeSignal
    /// Called after deliveries became dead and that was committed.
    let died: @Sendable () -> Void
    /// Enqueues a notice for all other receivers.
    let notifyOthers: @Sendable (RenderedDigest) async throws -> Void
    let health = ReceiverHealth()

    /// Maximum length of a timed wait; then the outbox and the clock are checked again.
    private static let longestPause = Duration.seconds(60)

    /// Delivers until the task is cancelled. A running try may then finish within `policy.drain`,
    /// and its outcome is recorded.
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

    private func deliver(
        _ digest: RenderedDigest, _ deliveries: [Outbox.Delivery], _ mark: String?
    ) async {
        let attempt = await receiver.send(
            digest, to: deliveries.map(\.recipient), following: mark)
        let results = deliveries.map { delivery in
            // A recipient without a result is tried again.
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

    /// Updates the receiver's health. Refusals for only some recipients do not count against it.
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
                receiver.name, words: words, policy, at: now)
            do { try await notifyOthers(notice) } catch {
                // The pause is already in the log, and the dead letters are in the outbox.
                telemetry.emit(DeliveryStoreFailed(receiver: receiver.name, fault: "\(error)"))
            }
        }
    }

    /// Records the outcomes, and retries until it succeeds: otherwise the digest would be sent
    /// twice. Returns nil if the task is cancelled before that.
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
