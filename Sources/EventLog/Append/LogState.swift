import Events
import Synchronization

/// The state of an open log that readers and the status can see. Thread-safe.
final class LogState: Sendable {
    /// The durable part of an unsealed segment.
    struct Plain: Sendable {
        var end: UInt64
        var checkpoints: Checkpoints
        /// nil if they were not counted.
        var lines: Int?
    }

    struct Counts: Sendable, Equatable {
        var appended = 0
        var duplicates = 0
        var rejected = 0
        /// Lost lines, by kind.
        var shed = KindCounts()
        /// Lines whose senders were asked to retry.
        var deferred = 0
    }

    fileprivate struct State {
        var head: LogPosition
        var plain: [UInt64: Plain] = [:]
        var shedding: ShedReason?
        var keeps: LineKind?
        var unreported = ShedTally()
        var reports = LogReports()
        var counts = Counts()
        var open = true
        var nextWaiter = 0
        var waiters: [Int: (after: LogPosition, wake: CheckedContinuation<Void, Never>)] = [:]
    }

    private let state: Mutex<State>

    init(head: LogPosition) { state = Mutex(State(head: head)) }

    var head: LogPosition { state.withLock { $0.head } }
    var shedding: ShedReason? { state.withLock { $0.shedding } }
    var counts: Counts { state.withLock { $0.counts } }
    var isOpen: Bool { state.withLock { $0.open } }

    func count(_ change: (inout Counts) -> Void) { state.withLock { change(&$0.counts) } }

    func shed(_ reason: ShedReason?) { state.withLock { $0.shedding = reason } }

    /// The lowest kind of line that is kept while space is short; nil if all kinds are.
    var keeps: LineKind? {
        get { state.withLock { $0.keeps } }
        set { state.withLock { $0.keeps = newValue } }
    }

    /// Counts lines that were not kept and adds them to the next `log.shed` event.
    func note(_ tally: ShedTally) {
        state.withLock { state in
            state.unreported += tally
            state.counts.shed += tally.lost
            state.counts.deferred +|= tally.deferred
        }
    }

    /// Takes the unreported lines; nil if there are none. The caller reports them or returns them
    /// with `addUnreported`.
    func takeUnreported() -> ShedTally? {
        state.withLock { state in
            guard !state.unreported.isEmpty else { return nil }
            defer { state.unreported = ShedTally() }
            return state.unreported
        }
    }

    func addUnreported(_ tally: ShedTally) { state.withLock { $0.unreported += tally } }

    /// Adds something that the log is to report as an event.
    func report(_ change: (inout LogReports) -> Void) { state.withLock { change(&$0.reports) } }

    /// Takes the pending reports. The caller appends them or adds them again.
    func takeReports() -> LogReports {
        state.withLock { state in
            defer { state.reports = LogReports() }
            return state.reports
        }
    }

    /// The durable part of an unsealed segment; nil if none with that number is known.
    func plain(_ number: UInt64) -> Plain? { state.withLock { $0.plain[number] } }

    /// The ends of the unsealed segments, by number.
    var plainEnds: [UInt64: UInt64] { state.withLock { $0.plain.mapValues(\.end) } }

    /// The closed segments that are not sealed, by number.
    var closed: [UInt64: Plain] {
        state.withLock { state in state.plain.filter { $0.key != state.head.segment } }
    }

    /// Records that an unsealed segment was truncated to its first `end` bytes of lines.
    func cut(plain number: UInt64, to end: UInt64, lines: Int) {
        state.withLock {
            $0.plain[number]?.end = end
            $0.plain[number]?.lines = lines
        }
    }

    func note(plain number: UInt64, _ plain: Plain) {
        state.withLock { $0.plain[number] = plain }
    }

    func forget(plain number: UInt64) { state.withLock { $0.plain[number] = nil } }

    /// Makes everything before `head` visible to readers. `wakeReaders` then resumes those that
    /// wait for it.
    func publish(_ head: LogPosition, physical: Int, lines: Int) {
        state.withLock { state in
            state.head = head
            state.plain[head.segment, default: Plain(end: 0, checkpoints: Checkpoints())]
                .advance(to: head.offset, physical: physical, lines: lines)
        }
    }

    /// Resumes the waiters for lines that are visible.
    func wakeReaders() {
        let woken = state.withLock { state in
            let head = state.head
            return state.takeWaiters { $0.after < head }
        }
        for waiter in woken { waiter.resume() }
    }

    /// The number of tasks in `wait(after:)`.
    var readersWaiting: Int { state.withLock { $0.waiters.count } }

    func close() {
        let woken = state.withLock { state in
            state.open = false
            return state.takeWaiters { _ in true }
        }
        for waiter in woken { waiter.resume() }
    }

    /// Returns once the head is beyond `position`, the log is closed or the task is cancelled.
    func wait(after position: LogPosition) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state in
                    if Task.isCancelled || state.head > position || !state.open { return true }
                    state.waiters[id] = (position, continuation)
                    return false
                }
                if ready { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
            waiter?.wake.resume()
        }
    }
}

extension LogState.Plain {
    fileprivate mutating func advance(to end: UInt64, physical: Int, lines: Int) {
        self.end = end
        self.lines = lines
        checkpoints.note(logical: end, physical: physical)
    }
}

extension LogState.State {
    fileprivate mutating func takeWaiters(
        _ matching: ((after: LogPosition, wake: CheckedContinuation<Void, Never>)) -> Bool
    ) -> [CheckedContinuation<Void, Never>] {
        guard !waiters.isEmpty else { return [] }
        let due = waiters.filter { matching($0.value) }
        for id in due.keys { waiters[id] = nil }
        return due.values.map(\.wake)
    }
}
