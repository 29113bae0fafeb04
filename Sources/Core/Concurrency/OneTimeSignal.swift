import Synchronization

/// A start or an end that several tasks wait for. It happens once. Thread-safe.
public final class OneTimeSignal: Sendable {
    private let state = Mutex(
        (isGiven: false, waiters: [Int: CheckedContinuation<Void, Never>](), next: 0))

    public init() {}

    public var isGiven: Bool { state.withLock { $0.isGiven } }

    /// Later calls have no effect.
    public func give() {
        let waiters = state.withLock { state in
            state.isGiven = true
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when the signal is given, or the task is cancelled.
    public func wait() async {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    if state.isGiven || Task.isCancelled { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
