import CCurl
import Synchronization

/// A flag that is set when the caller cancels its transfer. Thread-safe.
final class CallOff: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}

/// Queues the callers' commands for the loop, in order, and wakes it. Thread-safe.
final class TransferInbox: Sendable {
    enum Command: Sendable {
        case start(UInt64, TransferOrder)
        case callOff(UInt64)
    }

    private struct State {
        var commands: [Command] = []
        var waker: Waker?
        var stopping = false
        /// Whether a caller is about to use the loop, which must then not end as idle.
        var isReserved = false
    }

    /// The multi handle, for the one libcurl call that is allowed from any thread.
    ///
    /// Unchecked: `curl_multi_wakeup` is documented as thread-safe, and nothing else uses the
    /// pointer. `close()` clears it, under the same lock, before the handle is freed.
    struct Waker: @unchecked Sendable {
        let multi: UnsafeMutableRawPointer
        func wake() { curl_multi_wakeup(multi) }
    }

    private let state = Mutex(State())

    func open(_ waker: Waker) { state.withLock { $0.waker = waker } }

    /// Returns false if the loop has ended and will not read the command.
    func put(_ command: Command) -> Bool {
        state.withLock { state in
            guard let waker = state.waker, !state.stopping else { return false }
            state.commands.append(command)
            waker.wake()
            return true
        }
    }

    func stop() {
        state.withLock { state in
            state.stopping = true
            state.waker?.wake()
        }
    }

    var isStopping: Bool { state.withLock { $0.stopping } }

    // MARK: - Ending an idle loop

    /// Keeps the loop from ending as idle until `release`. Returns false if it has ended.
    func reserve() -> Bool {
        state.withLock { state in
            guard state.waker != nil, !state.stopping else { return false }
            state.isReserved = true
            return true
        }
    }

    /// Lets the loop end again when it has been idle for long enough.
    func release() {
        state.withLock { state in
            state.isReserved = false
            state.waker?.wake()
        }
    }

    var isReserved: Bool { state.withLock { $0.isReserved } }

    /// Closes the inbox unless there are commands or the loop is reserved. Returns whether it
    /// closed.
    func closeIfUnused() -> Bool {
        state.withLock { state in
            guard state.commands.isEmpty, !state.isReserved else { return false }
            state.waker = nil
            return true
        }
    }

    /// The queued commands, and whether the loop must end.
    func take() -> (commands: [Command], stopping: Bool) {
        state.withLock { state in
            defer { state.commands = [] }
            return (state.commands, state.stopping)
        }
    }

    /// Closes the inbox; after this the multi handle may be freed.
    func close() { state.withLock { $0.waker = nil } }
}
