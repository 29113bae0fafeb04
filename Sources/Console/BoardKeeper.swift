public import Events
public import Journal
import Synchronization

/// Keeps a `RolloutBoard` up to date with the log: one more reader of it, with
/// a place that is not durable. Thread-safe.
public final class BoardKeeper: Sendable {
    private struct State {
        var board = RolloutBoard()
        var extra = 0
        var nextWaiter = 0
        var waiters: [Int: (after: Int, wake: CheckedContinuation<Void, Never>)] = [:]
        var cancelled: Set<Int> = []

        var version: Int { board.version + extra }
    }

    private let journal: Journal
    private let wall: WallClock
    private let clock: any Clock<Duration>
    private let state = Mutex(State())

    /// How far back a start looks, and how many lines it takes from there.
    private static let span = Duration.seconds(24 * 3600)
    private static let linesAtStart = 5000
    /// So that a busy log costs little: between two looks.
    private static let pause = Duration.milliseconds(250)
    /// Further behind than this, the reader begins anew at the end.
    private static let mostBehind = 256 << 20

    public init(
        journal: Journal, wall: WallClock = .system,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.journal = journal
        self.wall = wall
        self.clock = clock
    }

    /// The board and the version that names it.
    public var present: (board: RolloutBoard, version: Int) {
        state.withLock { ($0.board, $0.version) }
    }

    /// Something else on the page changed.
    public func touch() { change { $0.extra += 1 } }

    /// Follows the log until cancelled; a log that cannot be read is tried again.
    public func run() async {
        var position: LogPosition?
        while !Task.isCancelled {
            do {
                let from = try await place(position)
                position = from
                await journal.waitForLines(after: from)
                if Task.isCancelled { return }
                position = try await read(from: from)
            } catch {
                try? await clock.sleep(for: .seconds(1))
            }
            try? await clock.sleep(for: Self.pause)
        }
    }

    private func place(_ position: LogPosition?) async throws -> LogPosition {
        if let position, journal.bytes(after: position) <= Self.mostBehind { return position }
        let query = JournalQuery(
            since: wall.now - Self.span, where: try Expression(RolloutBoard.wanted))
        let batch = try await journal.last(Self.linesAtStart, query: query)
        observe(batch.lines, from: .start)
        return batch.end
    }

    private func read(from position: LogPosition) async throws -> LogPosition {
        var reader = journal.reader(
            from: position, query: JournalQuery(where: try Expression(RolloutBoard.wanted)))
        let batch = try await reader.next(maxLines: 2000, maxBytes: 4 << 20)
        observe(batch.lines, from: position)
        return batch.end
    }

    private func observe(_ lines: [JournalLine], from start: LogPosition) {
        var from = start
        var events: [(Event, LogPosition)] = []
        for line in lines {
            // Every line was validated when it was accepted.
            if let event = try? Event(line: line.bytes) { events.append((event, from)) }
            from = line.end
        }
        guard !events.isEmpty else { return }
        change { state in
            for (event, from) in events { state.board.observe(event, from: from) }
        }
    }

    // MARK: - Waiting

    /// Returns once there is a version after `version`, or the task was cancelled.
    public func waitForChange(after version: Int) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.cancelled.remove(id) != nil || state.version != version { return true }
                    state.waiters[id] = (version, continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let waiter = state.waiters.removeValue(forKey: id)
                if waiter == nil { state.cancelled.insert(id) }
                return waiter
            }
            waiter?.wake.resume()
        }
        state.withLock { _ = $0.cancelled.remove(id) }
    }

    /// Whether a look at the outbox is worth its while.
    var isWatched: Bool { state.withLock { !$0.waiters.isEmpty } }

    private func change(_ body: (inout State) -> Void) {
        let woken = state.withLock { state in
            body(&state)
            let due = state.waiters.filter { $0.value.after != state.version }
            for id in due.keys { state.waiters[id] = nil }
            return due.values.map(\.wake)
        }
        for waiter in woken { waiter.resume() }
    }
}
