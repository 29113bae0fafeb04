public import Events
public import Journal
import Synchronization

/// Keeps a `RolloutBoard` up to date with the log while somebody looks at it: one more
/// reader of the log, with a place that is not durable. Thread-safe.
///
/// Nobody looks at most nodes, most of the time: a look brings the board up to date first,
/// and for a while after it, and while pages watch, it follows the log.
public final class BoardKeeper: Sendable {
    private struct State {
        var board = RolloutBoard()
        var extra = 0
        /// How far the board has read.
        var reached = LogPosition.start
        /// Until when the log is followed for a look that was taken.
        var wantedUntil = ContinuousClock.now
        var nextWaiter = 0
        var waiters: [Int: Waiter] = [:]
        var cancelled: Set<Int> = []

        var version: Int { board.version + extra }

        func isDone(_ wait: Wait) -> Bool {
            switch wait {
            case .change(let seen): seen != version
            case .reach(let position): reached >= position
            case .interest: wantedUntil > .now || waiters.values.contains { !$0.wait.isFollower }
            case .question: waiters.values.contains { $0.wait.isReach }
            }
        }
    }

    /// What somebody waits for.
    private enum Wait {
        /// A version after this one.
        case change(after: Int)
        /// The board knows all before this.
        case reach(LogPosition)
        /// Somebody looks, or watches.
        case interest
        /// Somebody waits for what the log holds.
        case question

        var isChange: Bool {
            if case .change = self { true } else { false }
        }

        var isReach: Bool {
            if case .reach = self { true } else { false }
        }

        /// What only the task that reads waits for.
        var isFollower: Bool { !isChange && !isReach }
    }

    private struct Waiter {
        let wait: Wait
        let wake: CheckedContinuation<Void, Never>
    }

    private let journal: Journal
    private let lines: LineGuard
    private let wall: WallClock
    private let clock: any Clock<Duration>
    private let state = Mutex(State())

    /// How far back a start looks, and how many lines it takes from there.
    private static let span = Duration.seconds(24 * 3600)
    private static let linesAtStart = 5000
    /// Bytes of lines that are read at once.
    private static let batchBytes = 1 << 20
    /// So that a busy log costs little: between two reads, once a look has what it asked for.
    private static let pause = Duration.milliseconds(250)
    /// How long the log is followed after a look: a page is often loaded again.
    private static let followed = Duration.seconds(30)
    /// How long a look waits for the board: an older one is better than none.
    private static let patience = Duration.seconds(3)
    /// Further behind than this, the reader begins anew at the end.
    private static let mostBehind = 256 << 20

    public init(
        journal: Journal, wall: WallClock = .system,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.journal = journal
        lines = journal.lineGuard(of: .page)
        self.wall = wall
        self.clock = clock
    }

    /// The board as it stands and the version that names it.
    public var present: (board: RolloutBoard, version: Int) {
        state.withLock { ($0.board, $0.version) }
    }

    /// The board with all that the log holds now; as it stands where that takes longer than
    /// seconds, or nothing runs.
    public func look() async -> (board: RolloutBoard, version: Int) {
        let head = journal.head
        change { $0.wantedUntil = .now + Self.followed }
        let clock = clock
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(for: .reach(head)) }
            group.addTask { try? await clock.sleep(for: Self.patience) }
            await group.next()
            group.cancelAll()
        }
        return present
    }

    /// Something else on the page changed.
    public func touch() { change { $0.extra += 1 } }

    /// Follows the log, while somebody looks, until cancelled; a log that cannot be read is
    /// tried again.
    public func run() async {
        var reader: JournalReader?
        await lines.pause(clock)
        while !Task.isCancelled {
            await wait(for: .interest)
            if Task.isCancelled { return }
            do {
                if reader.map({ journal.bytes(after: $0.position) > Self.mostBehind }) ?? true {
                    reader = try await begin()
                }
                if let position = reader?.position, position >= journal.head {
                    await journal.waitForLines(after: position)
                }
                if Task.isCancelled { return }
                try await read(through: &reader)
            } catch {
                reader = nil
                try? await clock.sleep(for: .seconds(1))
            }
            await rest()
        }
    }

    /// The pause, unless a look waits or comes.
    private func rest() async {
        let clock = clock
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(for: .question) }
            group.addTask { try? await clock.sleep(for: Self.pause) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Takes the first of the latest lines, and returns a reader of what follows.
    private func begin() async throws -> JournalReader {
        let wanted = try Expression(RolloutBoard.wanted)
        let batch = try await journal.last(
            Self.linesAtStart, query: JournalQuery(since: wall.now - Self.span, where: wanted),
            maxBytes: Self.batchBytes)
        await observe(batch.lines, from: .start, to: batch.end)
        return journal.reader(from: batch.end, query: JournalQuery(where: wanted))
    }

    private func read(through reader: inout JournalReader?) async throws {
        guard let from = reader?.position else { return }
        guard let batch = try await reader?.next(maxLines: 2000, maxBytes: Self.batchBytes) else {
            return
        }
        await observe(batch.lines, from: from, to: batch.end)
    }

    /// Only `run` calls it, one call at a time: nobody else changes the board.
    private func observe(
        _ batch: [JournalLine], from start: LogPosition, to end: LogPosition
    ) async {
        let board = state.withLock { $0.board }
        let read = await lines.fold(batch, into: (board: board, from: start)) { read, line in
            // Every line was validated when it was accepted.
            if let event = try? Event(line: line.bytes) {
                read.board.observe(event, from: read.from)
            }
            read.from = line.end
        }
        change { state in
            state.board = read.board
            state.reached = max(state.reached, end)
        }
    }

    // MARK: - Waiting

    /// Returns once there is a version after `version`, or the task was cancelled. The log is
    /// followed meanwhile.
    public func waitForChange(after version: Int) async { await wait(for: .change(after: version)) }

    private func wait(for wait: Wait) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                var isReady = false
                change { state in
                    isReady = state.cancelled.remove(id) != nil || state.isDone(wait)
                    if !isReady { state.waiters[id] = Waiter(wait: wait, wake: continuation) }
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
    var isWatched: Bool {
        state.withLock { $0.waiters.values.contains { $0.wait.isChange } }
    }

    private func change(_ body: (inout State) -> Void) {
        let woken = state.withLock { state in
            body(&state)
            let due = state.waiters.filter { state.isDone($0.value.wait) }
            for id in due.keys { state.waiters[id] = nil }
            return due.values.map(\.wake)
        }
        for waiter in woken { waiter.resume() }
    }
}
