import Dispatch
import Events
import Synchronization

/// Lines to append, and the callback to run once they are durable.
struct AppendRequest: Sendable {
    struct Line: Sendable {
        /// Range within `bytes`, without the newline.
        let range: Range<Int>
        let key: ScannedLine.Key
        let kind: LineKind
    }

    let bytes: [UInt8]
    let lines: [Line]
    /// CRC-32 from the start of the first line through the newline after the last. nil if it is
    /// not known or other bytes lie between the lines. With it, the writer can skip checksumming
    /// the lines.
    var checksum: UInt32?
    /// Hash of the first node named in an ingested body; nil if it names none, and for appended
    /// events.
    var sender: Hash128?
    /// Whether the lines are of another copy of this log: all of them are stored.
    var isCopy = false
    /// Whether the sender can retry lines that are refused.
    var isRepeatable = true
    /// The trouble of the log itself that this line reports; nil for other lines. Such a line is
    /// written even below `log.min_free`, and is not counted as lost if it is refused.
    var report: LogReports?
    let reply: @Sendable (Result<AppendOutcome, EventLogError>) -> Void

    var isReport: Bool { report != nil }
}

/// The result of an append request.
struct AppendOutcome: Sendable, Equatable {
    var accepted: Int
    var duplicates: Int
    /// New lines that were dropped because the log is under pressure.
    var shed = KindCounts()
    /// The position after the last line of the group that contained the request.
    var end: LogPosition
}

/// The writer's queue of requests, bounded in bytes. Thread-safe.
final class AppendQueue: Sendable {
    /// Other work for the writer, done between groups.
    enum Chore: Sendable {
        case maintain(@Sendable () -> Void)
        /// Continue after a position that a reader has stored.
        case expect(LogPosition, by: String, @Sendable () -> Void)
        /// Make this segment the open one, unless a later one is.
        case begin(segment: UInt64, @Sendable () -> Void)
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
        /// Whether requests that are not of another copy are refused.
        var takesOnlyCopies = false
        /// Whether the writer found no work and waits for the semaphore. Whoever adds work clears
        /// the flag and signals, so each wait gets at most one signal; a wait that ends without
        /// one timed out.
        var writerWaits = false

        mutating func takeWait() -> Bool {
            defer { writerWaits = false }
            return writerWaits
        }
    }

    private enum Submission {
        case refused(EventLogError)
        case taken(wakes: Bool)
    }

    private let state = Mutex(State())
    private let ready = DispatchSemaphore(value: 0)
    private let capacity: Int

    init(capacity: Int, takesOnlyCopies: Bool = false) {
        self.capacity = capacity
        state.withLock { $0.takesOnlyCopies = takesOnlyCopies }
    }

    var takesOnlyCopies: Bool { state.withLock { $0.takesOnlyCopies } }

    /// Accepts all requests from now on.
    func takeAll() { state.withLock { $0.takesOnlyCopies = false } }

    /// Throws `.busy` if too many bytes are waiting, `.closed` after `close`, `.isCopy` if only
    /// copies are taken.
    func submit(_ request: AppendRequest) throws(EventLogError) {
        let submission = state.withLock { state -> Submission in
            guard state.open else { return .refused(.closed) }
            guard request.isCopy || !state.takesOnlyCopies else { return .refused(.isCopy) }
            // A single large request is accepted if nothing else waits.
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

    /// Returns false after `close`; the chore is then not done.
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

    /// Blocks until work is waiting or `pause` is over, then takes requests.
    ///
    /// Takes requests of at most `bytes` in total, but at least one, and the chores once no
    /// request is left.
    func take(bytes limit: Int, pause: Duration) -> Batch {
        let mustWait = state.withLock { state in
            state.writerWaits = state.requests.isEmpty && state.chores.isEmpty
            return state.writerWaits
        }
        if mustWait,
            ready.wait(timeout: .now() + .milliseconds(Int(pause.wholeMilliseconds))) == .timedOut,
            !state.withLock({ $0.takeWait() })
        {
            // The signal came just after the timeout; it belongs to this wait.
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

/// Delivers the results of appends on a serial queue of its own, in the order of the lines.
///
/// The writer thread does not wait for the callbacks. Thread-safe.
final class AppendAnswers: Sendable {
    typealias Reply = @Sendable (Result<AppendOutcome, EventLogError>) -> Void

    private let waiting = Mutex<[(reply: Reply, result: Result<AppendOutcome, EventLogError>)]>([])
    private let queue = DispatchQueue(label: "bellwether.log-answers", qos: .userInitiated)

    func add(_ reply: @escaping Reply, _ result: Result<AppendOutcome, EventLogError>) {
        waiting.withLock { $0.append((reply, result)) }
    }

    /// Schedules the callbacks added so far, and `done` after them; not without a callback.
    func flush(then done: @escaping @Sendable () -> Void) {
        let answers = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        guard !answers.isEmpty else { return }
        queue.async {
            for (reply, result) in answers { reply(result) }
            done()
        }
    }

    /// Calls `done` after all callbacks scheduled so far.
    func whenDone(_ done: @escaping @Sendable () -> Void) { queue.async(execute: done) }
}
