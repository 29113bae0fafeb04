public import Events
import Synchronization

/// How far the log is in the bucket, and the tasks that wait for it. Thread-safe.
public final class ShippingMark: Sendable {
    private struct Waiter {
        let end: LogPosition
        /// Whether the shipper is not to wait for further lines.
        var isHurried: Bool
        let resume: CheckedContinuation<Bool, Never>
        /// Ends the wait after its time.
        var timer: Task<Void, Never>?

        func answer(_ isShipped: Bool) {
            timer?.cancel()
            resume.resume(returning: isShipped)
        }
    }

    private struct State {
        var term: UInt64 = 0
        var shipped = LogPosition.start
        var nextWaiter = 0
        var waiters: [Int: Waiter] = [:]
        /// The shipper, while it collects lines.
        var pause: (id: Int, resume: CheckedContinuation<Void, Never>)?
    }

    private let state = Mutex(State())

    init() {}

    /// The leader's term and the end of the lines that are in the bucket.
    public var value: (term: UInt64, shipped: LogPosition) {
        state.withLock { ($0.term, $0.shipped) }
    }

    /// Waits until the lines before `end` are in the bucket; returns false after `limit`, or if the
    /// task is cancelled.
    ///
    /// The shipper does not wait for further lines meanwhile, from `delay` on.
    public func wait(
        for end: LogPosition, within limit: Duration, hurryAfter delay: Duration = .zero
    ) async -> Bool {
        let id = newID()
        let patience = min(delay, limit)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (answer, pause) = state.withLock {
                    state -> (Bool?, CheckedContinuation<Void, Never>?) in
                    if state.shipped >= end { return (true, nil) }
                    if Task.isCancelled { return (false, nil) }
                    state.waiters[id] = Waiter(
                        end: end, isHurried: patience == .zero, resume: continuation)
                    return (nil, patience == .zero ? takePause(&state) : nil)
                }
                pause?.resume()
                if let answer { return continuation.resume(returning: answer) }
                // Only now, so that the end of the time finds the waiter.
                let timer = Task {
                    if patience > .zero {
                        try? await Task.sleep(for: patience)
                        self.hurry(for: id)
                    }
                    try? await Task.sleep(for: limit - patience)
                    self.resume(id, returning: false)
                }
                let isWaiting = state.withLock { state in
                    state.waiters[id]?.timer = timer
                    return state.waiters[id] != nil
                }
                if !isWaiting { timer.cancel() }
            }
        } onCancel: {
            resume(id, returning: false)
        }
    }

    /// Ends the shipper's wait for further lines.
    public func hurry() { state.withLock { takePause(&$0) }?.resume() }

    /// Does nothing for a waiter that is gone.
    private func hurry(for id: Int) {
        let pause = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiters[id] != nil else { return nil }
            state.waiters[id]?.isHurried = true
            return takePause(&state)
        }
        pause?.resume()
    }

    private func newID() -> Int {
        state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
    }

    private func takePause(_ state: inout State) -> CheckedContinuation<Void, Never>? {
        defer { state.pause = nil }
        return state.pause?.resume
    }

    private func resume(_ id: Int, returning isShipped: Bool) {
        state.withLock { $0.waiters.removeValue(forKey: id) }?.answer(isShipped)
    }

    /// Advances the mark.
    func set(term: UInt64, shipped: LogPosition) {
        let done = state.withLock { state in
            state.term = term
            state.shipped = max(state.shipped, shipped)
            let done = state.waiters.filter { $0.value.end <= state.shipped }
            for id in done.keys { state.waiters[id] = nil }
            return done
        }
        for waiter in done.values { waiter.answer(true) }
    }

    /// Ends all waits, because no further line gets into the bucket.
    func end() {
        let (waiters, pause) = state.withLock { state in
            defer { state.waiters = [:] }
            return (state.waiters, takePause(&state))
        }
        pause?.resume()
        for waiter in waiters.values { waiter.answer(false) }
    }

    /// Waits for `limit`, but not while anybody hurries it or the task is cancelled.
    func collect(for limit: Duration) async {
        let id = newID()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    guard !state.waiters.values.contains(where: \.isHurried), !Task.isCancelled
                    else { return true }
                    state.pause = (id, continuation)
                    return false
                }
                if isDue { return continuation.resume() }
                Task {
                    try? await Task.sleep(for: limit)
                    self.endPause(id)
                }
            }
        } onCancel: {
            endPause(id)
        }
    }

    private func endPause(_ id: Int) {
        state.withLock { state in
            state.pause?.id == id ? takePause(&state) : nil
        }?.resume()
    }
}
