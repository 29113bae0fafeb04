import Synchronization

/// Pauses a receiver that refuses several digests in a row.
///
/// More tries would make digests dead that a repaired receiver could still accept, and vendors
/// disable clients that continue after refusals.
///
/// Kept in memory, so a restart ends a pause. Times are spans since a fixed moment of a monotonic
/// clock. Thread-safe.
final class ReceiverHealth: Sendable {
    private struct State {
        var refusals = 0
        var pausedUntil: Duration?
    }

    private let state = Mutex(State())

    /// The end of the current pause; nil if there is none at `now`.
    func pause(at now: Duration) -> Duration? {
        state.withLock { state in
            state.pausedUntil.flatMap { $0 > now ? $0 : nil }
        }
    }

    /// The number of digests refused in a row.
    var refusals: Int { state.withLock { $0.refusals } }

    /// Records a digest that was refused for all recipients. Returns true if this starts a pause;
    /// one refusal after a pause renews it and returns false.
    func refused(at now: Duration, _ policy: DeliveryPolicy) -> Bool {
        state.withLock { state in
            state.refusals += 1
            guard state.refusals >= policy.pauseAfterRefusals else { return false }
            defer { state.pausedUntil = now + policy.pause }
            return state.pausedUntil == nil
        }
    }

    /// Records a successful delivery and resets the state. Returns true if there was a pause since
    /// the last successful delivery.
    func delivered() -> Bool {
        state.withLock { state in
            defer { state = State() }
            return state.pausedUntil != nil
        }
    }

    /// Ends the pause: a user may have fixed the receiver.
    func lookAgain() {
        state.withLock { state in
            if state.pausedUntil != nil { state.pausedUntil = .zero }
        }
    }
}
