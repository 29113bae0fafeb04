import Core
import Synchronization

/// The threads for conversations with mail servers, one conversation each.
///
/// libcurl blocks its thread while it waits for the answers to a message's end and to QUIT, for as
/// long as the server's ten minutes; on a shared thread one slow server would stop all transfers. A
/// thread keeps its connection for the next message of the same sender to the same server, and ends
/// if there is none in time. Thread-safe.
final class MailThreads: Sendable {
    /// One thread and its connection.
    struct Lane: Sendable {
        let inbox: TransferInbox
        fileprivate let key: String
    }

    private struct State {
        var all: [ObjectIdentifier: TransferInbox] = [:]
        /// One idle thread per server and sender.
        var idle: [String: TransferInbox] = [:]
        var isStopped = false
    }

    private let state = Mutex(State())
    private let most: Int
    private let idleLimit: Duration

    /// - Parameters:
    ///   - most: The maximum number of threads; beyond it a message fails with a temporary fault.
    ///   - idleLimit: How long a connection is kept for the next message.
    init(most: Int = 256, idleLimit: Duration = .seconds(30)) {
        self.most = most
        self.idleLimit = idleLimit
    }

    /// The number of threads, including those that are about to end.
    var count: Int { state.withLock { $0.all.count } }

    /// A thread for one conversation; `giveBack` must be called after it.
    ///
    /// - Parameter key: Identifies the connections that can be reused.
    func take(_ key: String, target: String) throws(TransferError) -> Lane {
        let taken = state.withLock { state -> Result<TransferInbox, TransferError> in
            if let kept = state.idle.removeValue(forKey: key), kept.reserve() {
                return .success(kept)
            }
            guard !state.isStopped else {
                return .failure(
                    TransferError(.cancelled, target: target, words: "the engine was shut down"))
            }
            guard state.all.count < most else {
                return .failure(
                    TransferError(
                        .internalFault, target: target,
                        words: "\(most) conversations with mail servers are under way"))
            }
            let inbox = TransferInbox()
            let id = ObjectIdentifier(inbox)
            let ended: @Sendable () -> Void = { [weak self] in self?.ended(id) }
            guard
                let loop = TransferLoop(inbox, idleLimit: idleLimit, onEnd: ended),
                inbox.reserve(), DedicatedThread.start("mail", { loop.run() })
            else {
                return .failure(
                    TransferError(
                        .internalFault, target: target, words: "no thread for a conversation"))
            }
            state.all[id] = inbox
            return .success(inbox)
        }
        return Lane(inbox: try taken.get(), key: key)
    }

    /// Returns a thread after its conversation; its connection may serve the next one.
    func giveBack(_ lane: Lane) {
        let surplus = state.withLock { state -> TransferInbox? in
            guard !state.isStopped, state.idle[lane.key] == nil else { return lane.inbox }
            state.idle[lane.key] = lane.inbox
            return nil
        }
        if let surplus { surplus.stop() } else { lane.inbox.release() }
    }

    /// Ends all conversations and refuses new ones. Returns at once.
    func stop() {
        let all = state.withLock { state in
            state.isStopped = true
            state.idle = [:]
            return Array(state.all.values)
        }
        for inbox in all { inbox.stop() }
    }

    private func ended(_ id: ObjectIdentifier) {
        state.withLock { state in
            guard let inbox = state.all.removeValue(forKey: id) else { return }
            state.idle = state.idle.filter { $0.value !== inbox }
        }
    }
}
