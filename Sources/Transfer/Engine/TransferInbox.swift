import CCurl
import Synchronization

/// Whether the caller still wants its transfer.
final class CallOff: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}

/// What callers want from the loop, in order; wakes it.
final class TransferInbox: Sendable {
    enum Command: Sendable {
        case start(UInt64, TransferOrder)
        case callOff(UInt64)
    }

    private struct State {
        var commands: [Command] = []
        var waker: Waker?
        var stopping = false
        /// Somebody is about to use the loop: it does not end for want of work.
        var isReserved = false
    }

    /// The multi handle for the one call that libcurl allows from any thread.
    ///
    /// Unchecked: `curl_multi_wakeup` is documented as thread-safe, nothing
    /// else is done with the pointer, and `close()` forgets it, under the same
    /// lock, before the handle is freed.
    struct Waker: @unchecked Sendable {
        let multi: UnsafeMutableRawPointer
        func wake() { curl_multi_wakeup(multi) }
    }

    private let state = Mutex(State())

    func open(_ waker: Waker) { state.withLock { $0.waker = waker } }

    /// False when the loop has ended: nobody will take the command.
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

    // MARK: - For a loop that ends for want of work

    /// Keeps the loop from ending until `release`; false when it has ended.
    func reserve() -> Bool {
        state.withLock { state in
            guard state.waker != nil, !state.stopping else { return false }
            state.isReserved = true
            return true
        }
    }

    /// Lets the loop end once it has had nothing to do for long enough.
    func release() {
        state.withLock { state in
            state.isReserved = false
            state.waker?.wake()
        }
    }

    var isReserved: Bool { state.withLock { $0.isReserved } }

    /// Takes no more commands, unless there are some or the loop is reserved; true when so.
    func closeIfUnused() -> Bool {
        state.withLock { state in
            guard state.commands.isEmpty, !state.isReserved else { return false }
            state.waker = nil
            return true
        }
    }

    /// Everything that waits, and whether the loop must end.
    func take() -> (commands: [Command], stopping: Bool) {
        state.withLock { state in
            defer { state.commands = [] }
            return (state.commands, state.stopping)
        }
    }

    /// After this the multi handle may be freed.
    func close() { state.withLock { $0.waker = nil } }
}
