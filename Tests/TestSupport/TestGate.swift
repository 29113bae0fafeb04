import Synchronization

/// A point that tasks pass once a test opens it. Thread-safe.
public final class TestGate: Sendable {
    private struct State {
        var isOpen = false
        var arrived = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// Tests that wait for a number of arrivals.
        var watchers: [(count: Int, wake: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// The number of tasks that have arrived so far, also those that have passed.
    public var arrived: Int { state.withLock { $0.arrived } }

    /// Returns once the gate is open. A cancelled task waits as well.
    public func pass() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let (isOpen, ready) = state.withLock {
                state -> (Bool, [CheckedContinuation<Void, Never>]) in
                state.arrived += 1
                let arrived = state.arrived
                if !state.isOpen { state.waiting.append(continuation) }
                let ready = state.watchers.filter { $0.count <= arrived }.map(\.wake)
                state.watchers.removeAll { $0.count <= arrived }
                return (state.isOpen, ready)
            }
            for watcher in ready { watcher.resume() }
            if isOpen { continuation.resume() }
        }
    }

    /// Returns once at least `count` tasks have arrived.
    public func arrivals(_ count: Int = 1) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isReady = state.withLock { state -> Bool in
                if state.arrived >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isReady { continuation.resume() }
        }
    }

    /// Lets all waiting and later tasks pass.
    public func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for task in waiting { task.resume() }
    }

    /// Holds later tasks again.
    public func close() { state.withLock { $0.isOpen = false } }
}
