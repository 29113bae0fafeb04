import Synchronization

/// Wakes one task that has nothing to do. Thread-safe; rings are not counted:
/// one that comes while nobody waits lets the next wait return at once.
final class WakeSignal: Sendable {
    private struct State {
        var rung = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiter == nil { state.rung = true }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns at the next ring, or when the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let before = state.withLock { state -> CheckedContinuation<Void, Never>? in
                    if state.rung || Task.isCancelled {
                        state.rung = false
                        return continuation
                    }
                    // Never two: a second waiter frees the first.
                    defer { state.waiter = continuation }
                    return state.waiter
                }
                before?.resume()
            }
        } onCancel: {
            ring()
        }
    }

    /// Returns at the next ring, after `pause` on `clock`, or when cancelled.
    func wait(atMost pause: Duration, on clock: any Clock<Duration>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask { try? await clock.sleep(for: pause) }
            await group.next()
            group.cancelAll()
        }
    }
}
