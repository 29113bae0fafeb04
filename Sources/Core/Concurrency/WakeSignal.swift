import Synchronization

/// Wakes one waiting task.
///
/// Signals are not counted: if no task waits, the next wait returns at once. Thread-safe.
public final class WakeSignal: Sendable {
    private struct State {
        var isPending = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    public init() {}

    /// Wakes the waiting task, or the next one that waits.
    public func send() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiter == nil { state.isPending = true }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns at the next `send()`, or when the task is cancelled.
    public func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let before = state.withLock { state -> CheckedContinuation<Void, Never>? in
                    if state.isPending || Task.isCancelled {
                        state.isPending = false
                        return continuation
                    }
                    // A second waiter resumes the first.
                    defer { state.waiter = continuation }
                    return state.waiter
                }
                before?.resume()
            }
        } onCancel: {
            send()
        }
    }

    /// Returns at the next `send()`, after `pause` on `clock`, or when the task is cancelled.
    public func wait(atMost pause: Duration, on clock: any Clock<Duration>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask { try? await clock.sleep(for: pause) }
            await group.next()
            group.cancelAll()
        }
    }
}
