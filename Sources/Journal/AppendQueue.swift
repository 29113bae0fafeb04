import Dispatch
import Events
import Synchronization

/// Lines that someone waits to see durable.
struct AppendRequest: Sendable {
    struct Line: Sendable {
        /// Within `bytes`, newline excluded.
        let range: Range<Int>
        let key: ScannedLine.Key
        let kind: LineKind
    }

    let bytes: [UInt8]
    let lines: [Line]
    /// The node that sent them, when it is another one.
    var sender: Hash128?
    /// Whether the sender can come again with what is refused.
    var isRepeatable = true
    let reply: @Sendable (Result<AppendOutcome, JournalError>) -> Void
}

/// What became of a request's lines.
struct AppendOutcome: Sendable, Equatable {
    var accepted: Int
    var duplicates: Int
    /// New lines that were given up: the log is under pressure.
    var shed = KindCounts()
    /// After the last line of the group that the request was part of.
    var end: LogPosition
}

/// Where requests wait for the writer. Thread-safe; bounded in bytes.
final class AppendQueue: Sendable {
    /// What else the writer is asked to do, between groups.
    enum Chore: Sendable {
        case maintain(@Sendable () -> Void)
        case close(@Sendable () -> Void)
    }

    struct Batch: Sendable {
        var requests: [AppendRequest] = []
        var chores: [Chore] = []
    }

    private struct State {
        var requests: [AppendRequest] = []
        var chores: [Chore] = []
        var waitingBytes = 0
        var open = true
    }

    private let state = Mutex(State())
    private let ready = DispatchSemaphore(value: 0)
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// Throws `.busy` when too much waits, `.closed` after `close`.
    func submit(_ request: AppendRequest) throws(JournalError) {
        let refusal = state.withLock { state -> JournalError? in
            guard state.open else { return .closed }
            // A single large request passes when nothing else waits.
            guard state.waitingBytes == 0 || state.waitingBytes + request.bytes.count <= capacity
            else { return .busy(waitingBytes: state.waitingBytes) }
            state.requests.append(request)
            state.waitingBytes += request.bytes.count
            return nil
        }
        if let refusal { throw refusal }
        ready.signal()
    }

    /// False after `close`: the chore will not be done.
    func submit(_ chore: Chore) -> Bool {
        let taken = state.withLock { state in
            guard state.open else { return false }
            if case .close = chore { state.open = false }
            state.chores.append(chore)
            return true
        }
        if taken { ready.signal() }
        return taken
    }

    /// Blocks until something waits or `pause` is over, then takes requests of
    /// together at most `bytes` (at least one), and the chores once no request is left.
    func take(bytes limit: Int, pause: Duration) -> Batch {
        if state.withLock({ $0.requests.isEmpty && $0.chores.isEmpty }) {
            _ = ready.wait(timeout: .now() + .milliseconds(Int(pause.wholeMilliseconds)))
        }
        return state.withLock { state in
            var count = 0
            var bytes = 0
            for request in state.requests {
                bytes += request.bytes.count
                if count > 0, bytes > limit {
                    bytes -= request.bytes.count
                    break
                }
                count += 1
            }
            var batch = Batch()
            if count == state.requests.count {
                swap(&batch.requests, &state.requests)
                swap(&batch.chores, &state.chores)
            } else {
                batch.requests = Array(state.requests.prefix(count))
                state.requests.removeFirst(count)
            }
            state.waitingBytes -= bytes
            return batch
        }
    }
}
