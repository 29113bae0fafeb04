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
    /// CRC-32 from the first line to the newline after the last, where that is known and
    /// nothing stands between the lines: the writer need not look at each byte then.
    var checksum: UInt32?
    /// The node that sent them, when it is another one.
    var sender: Hash128?
    /// Whether the sender can come again with what is refused.
    var isRepeatable = true
    /// What the log reports with it of its own trouble: such a line may use what is kept for
    /// that, and is not counted as lost when it has to wait.
    var report: LogReports?
    let reply: @Sendable (Result<AppendOutcome, JournalError>) -> Void

    var isReport: Bool { report != nil }
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
        /// Go on behind a position that a reader holds.
        case expect(LogPosition, by: String, @Sendable () -> Void)
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
        /// The writer found nothing and waits to be signalled. Who brings something takes
        /// the mark away, so that there is one signal for one wait and a wake-up that
        /// finds nothing means that the pause is over.
        var writerWaits = false

        mutating func takeWait() -> Bool {
            defer { writerWaits = false }
            return writerWaits
        }
    }

    private enum Submission {
        case refused(JournalError)
        case taken(wakes: Bool)
    }

    private let state = Mutex(State())
    private let ready = DispatchSemaphore(value: 0)
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// Throws `.busy` when too much waits, `.closed` after `close`.
    func submit(_ request: AppendRequest) throws(JournalError) {
        let submission = state.withLock { state -> Submission in
            guard state.open else { return .refused(.closed) }
            // A single large request passes when nothing else waits.
            guard state.waitingBytes == 0 || state.waitingBytes + request.bytes.count <= capacity
            else { return .refused(.busy(waitingBytes: state.waitingBytes)) }
            state.requests.append(request)
            state.waitingBytes += request.bytes.count
            return .taken(wakes: state.takeWait())
        }
        switch submission {
        case .refused(let error): throw error
        case .taken(let wakes): if wakes { ready.signal() }
        }
    }

    /// False after `close`: the chore will not be done.
    func submit(_ chore: Chore) -> Bool {
        let wakes = state.withLock { state -> Bool? in
            guard state.open else { return nil }
            if case .close = chore { state.open = false }
            state.chores.append(chore)
            return state.takeWait()
        }
        if wakes == true { ready.signal() }
        return wakes != nil
    }

    /// Blocks until something waits or `pause` is over, then takes requests of
    /// together at most `bytes` (at least one), and the chores once no request is left.
    func take(bytes limit: Int, pause: Duration) -> Batch {
        let mustWait = state.withLock { state in
            state.writerWaits = state.requests.isEmpty && state.chores.isEmpty
            return state.writerWaits
        }
        if mustWait,
            ready.wait(timeout: .now() + .milliseconds(Int(pause.wholeMilliseconds))) == .timedOut,
            !state.withLock({ $0.takeWait() })
        {
            // Signalled after all, just then: that signal belongs to this wait.
            ready.wait()
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
