import Core
import Events
import Synchronization
import Transfer

/// What a receiver answered of late: whether to try it, how many digests at a time, and what to
/// report.
///
/// A receiver that fails is tried with one digest at a time, after a wait; when it accepts one, the
/// others follow, one more at a time for each that it accepts. One that refuses several digests in a
/// row is paused: more tries would make digests dead that a repaired receiver could still accept, and
/// vendors disable clients that continue after refusals.
///
/// Kept in memory, so a restart ends a pause. Times are spans since a fixed moment of a monotonic
/// clock. Thread-safe.
final class ReceiverHealth: Sendable {
    private struct State {
        var refusals = 0
        var pausedUntil: Duration?
        /// Rounds of failures in a row; deliveries that fail at the same time are one round.
        var failures = 0
        var notBefore = Duration.zero
        /// When the last round ended; a try that began earlier belongs to it.
        var failedAt = Duration.zero
        /// When the first try failed since the last success.
        var failingSince: Duration?
        /// Whether a delivery waits, or another try failed after the first one. One refused digest,
        /// which is dead, is no evidence about the next.
        var isConfirmed = false
        var words = ""
        var isReported = false
        /// How many digests a receiver that is back gets at a time; nil: all that it takes.
        var places: Int?

        var isProbing: Bool { failures > 0 || pausedUntil != nil }

        /// The failure if it has lasted for `policy.failingAfter`; nil otherwise.
        func failing(at now: Duration, _ policy: DeliveryPolicy) -> Failing? {
            guard let since = failingSince, isConfirmed, now - since >= policy.failingAfter else {
                return nil
            }
            return Failing(time: now - since, words: words)
        }
    }

    /// A receiver that has accepted nothing for some time.
    struct Failing: Sendable, Equatable {
        /// How long.
        let time: Duration
        /// Its last answer, or our error.
        let words: String
    }

    /// What a success ended.
    struct Ended: Sendable, Equatable {
        var pause = false
        /// Whether it was reported as failing.
        var failing = false
    }

    private let state = Mutex(State())

    /// The end of the current pause or wait; nil if there is none at `now`.
    func pause(at now: Duration) -> Duration? {
        state.withLock { state in
            let end = max(state.pausedUntil ?? .zero, state.notBefore)
            return end > now ? end : nil
        }
    }

    /// The number of digests refused in a row.
    var refusals: Int { state.withLock { $0.refusals } }

    /// Whether only one digest may be tried at a time.
    var isProbing: Bool { state.withLock { $0.isProbing } }

    /// How many digests may be tried at a time, if the receiver takes `most`.
    func places(of most: Int) -> Int {
        state.withLock { $0.isProbing ? 1 : min(most, $0.places ?? most) }
    }

    /// Records a digest that was refused for all recipients, in a try that began at `began`. Returns
    /// true if this starts a pause; one refusal after a pause renews it and returns false.
    func refused(
        began: Duration, at now: Duration, words: String, _ policy: DeliveryPolicy
    ) -> Bool {
        state.withLock { state in
            state.refusals += 1
            state.words = words
            if let since = state.failingSince {
                if began >= since { state.isConfirmed = true }
            } else {
                state.failingSince = now
            }
            guard state.refusals >= policy.pauseAfterRefusals else { return false }
            defer { state.pausedUntil = now + policy.pause }
            return state.pausedUntil == nil
        }
    }

    /// Records a try that began at `began` and failed for now.
    ///
    /// - Parameter asked: The wait that the receiver requested.
    func failed(
        began: Duration, at now: Duration, asked: Duration?, words: String,
        _ policy: DeliveryPolicy
    ) {
        state.withLock { state in
            state.words = words
            state.isConfirmed = true
            if state.failingSince == nil { state.failingSince = now }
            if state.failures > 0, began < state.failedAt {
                if let asked { state.notBefore = max(state.notBefore, now + asked) }
                return
            }
            state.failures += 1
            state.failedAt = now
            let wait = asked ?? policy.retry.probeDelay(after: state.failures)
            state.notBefore = max(state.notBefore, now + wait)
        }
    }

    /// Records a successful delivery and resets the state.
    func delivered() -> Ended {
        state.withLock { state in
            let ended = Ended(pause: state.pausedUntil != nil, failing: state.isReported)
            // All at once might be more than a service that has just begun again can take.
            let places = state.isProbing ? 2 : state.places.map { $0 +| 1 }
            state = State()
            state.places = places
            return ended
        }
    }

    /// Takes over what an earlier process reported last, so that it is not reported again and its
    /// end is: it may be an open alert at another receiver.
    ///
    /// - Parameter kind: The kind of the newest notice about the receiver.
    func resume(after kind: String?) {
        state.withLock { state in
            switch kind {
            case NoticeDigest.failingKind: state.isReported = true
            case NoticeDigest.pausedKind: state.pausedUntil = state.pausedUntil ?? .zero
            default: break
            }
        }
    }

    /// Ends the pause and the wait: a user may have fixed the receiver.
    func lookAgain() {
        state.withLock { state in
            if state.pausedUntil != nil { state.pausedUntil = .zero }
            state.notBefore = .zero
        }
    }

    // MARK: - Reporting

    /// The receiver's failure if it has lasted for `policy.failingAfter`; nil otherwise.
    func failing(at now: Duration, _ policy: DeliveryPolicy) -> Failing? {
        state.withLock { $0.failing(at: now, policy) }
    }

    /// The same, once; with whether the pause was reported already.
    func takeFailing(
        at now: Duration, _ policy: DeliveryPolicy
    ) -> (failing: Failing, isPaused: Bool)? {
        state.withLock { state in
            guard !state.isReported, let failing = state.failing(at: now, policy) else {
                return nil
            }
            state.isReported = true
            return (failing, state.pausedUntil != nil)
        }
    }
}
