import Synchronization

/// Whether a receiver is worth trying: one that refuses everything, again and
/// again, is left alone for a while. Going on would spend the digests that a
/// corrected receiver could still take, and vendors disable who goes on.
///
/// Kept in memory: a restart is one more reason to look. Moments are spans since a fixed
/// one on a monotonic clock. Thread-safe.
final class ReceiverHealth: Sendable {
    private struct State {
        var refusals = 0
        var pausedUntil: Duration?
    }

    private let state = Mutex(State())

    /// Until when nothing is to be sent; nil when there is no pause at `now`.
    func pause(at now: Duration) -> Duration? {
        state.withLock { state in
            state.pausedUntil.flatMap { $0 > now ? $0 : nil }
        }
    }

    /// A digest was refused for everyone. Returns true when this begins a
    /// pause that was not there before; after a pause one refusal renews it.
    func refused(at now: Duration, _ policy: DeliveryPolicy) -> Bool {
        state.withLock { state in
            state.refusals += 1
            guard state.refusals >= policy.pauseAfterRefusals else { return false }
            defer { state.pausedUntil = now + policy.pause }
            return state.pausedUntil == nil
        }
    }

    /// Someone got a digest. Returns true when that ends a time of refusals.
    func delivered() -> Bool {
        state.withLock { state in
            defer { state = State() }
            return state.pausedUntil != nil
        }
    }

    /// A person may have corrected something: look at once.
    func lookAgain() {
        state.withLock { state in
            if state.pausedUntil != nil { state.pausedUntil = .zero }
        }
    }
}
