public import Events
public import EventLog
import Synchronization

/// Keeps a `RolloutBoard` up to date with the log while pages show it. Thread-safe.
///
/// It reads the log with a position that is not durable. To save work on a node whose page
/// nobody opens, it follows the log only while pages watch and for 30 s after a page load. A
/// page load first brings the board up to date.
public final class BoardService: Sendable {
    private struct State {
        var board = RolloutBoard()
        var extra = 0
        /// The position up to which the board has read.
        var reached = LogPosition.start
        /// Until when the log is followed for the last page load.
        var wantedUntil = ContinuousClock.now
        var nextWaiter = 0
        var waiters: [Int: Waiter] = [:]

        var version: Int { board.version + extra }

        func isDone(_ wait: Wait) -> Bool {
            switch wait {
            case .change(let seen): seen != version
            case .reach(let position): reached >= position
            case .viewerArrived:
                wantedUntil > .now || waiters.values.contains { !$0.wait.isFollower }
            case .question: waiters.values.contains { $0.wait.isReach }
            }
        }
    }

    /// The condition of a waiter.
    private enum Wait {
        /// The version differs from this one.
        case change(after: Int)
        /// The board has read up to this position.
        case reach(LogPosition)
        /// A page was loaded lately, or a page watches or waits.
        case viewerArrived
        /// A page load waits for the board to catch up.
        case question

        var isChange: Bool {
            if case .change = self { true } else { false }
        }

        var isReach: Bool {
            if case .reach = self { true } else { false }
        }

        /// Whether only the reading task waits for this.
        var isFollower: Bool { !isChange && !isReach }
    }

    private struct Waiter {
        let wait: Wait
        let wake: CheckedContinuation<Void, Never>
    }

    private let eventLog: EventLog
    private let lines: LineGuard
    private let wall: WallClock
    private let clock: any Clock<Duration>
    private let state = Mutex(State())

    /// How far back the first read goes.
    private static let span = Duration.seconds(24 * 3600)
    /// Most lines of the first read: the latest ones.
    private static let linesAtStart = 5000
    /// Most bytes of lines of one read.
    private static let batchBytes = 1 << 20
    /// Pause between two reads, unless a page load waits. Limits the cost of a busy log.
    private static let pause = Duration.milliseconds(250)
    /// How long the log is followed after a page load, because pages are often reloaded.
    private static let followed = Duration.seconds(30)
    /// How long a page load waits for the board; then it shows the board as it is.
    private static let patience = Duration.seconds(3)
    /// A reader that is more bytes behind than this starts again near the log's end.
    private static let mostBehind = 256 << 20

    public init(
        eventLog: EventLog, wall: WallClock = .system,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.eventLog = eventLog
        lines = eventLog.lineGuard(of: .page)
        self.wall = wall
        self.clock = clock
    }

    /// The current board and its version.
    public var present: (board: RolloutBoard, version: Int) {
        state.withLock { ($0.board, $0.version) }
    }

    /// Returns the board after it has read the log up to the present head.
    ///
    /// Returns the board as it is if that takes longer than 3 s, for example because `run` is
    /// not running.
    public func look() async -> (board: RolloutBoard, version: Int) {
        let head = eventLog.head
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

    /// Raises the version because something else on the page changed.
    public func touch() { change { $0.extra += 1 } }

    /// Follows the log while pages show it, until cancelled. Retries when reading fails.
    public func run() async {
        var reader: EventLogReader?
        await lines.pause(clock)
        while !Task.isCancelled {
            await wait(for: .viewerArrived)
            if Task.isCancelled { return }
            do {
                if reader.map({ eventLog.bytes(after: $0.position) > Self.mostBehind }) ?? true {
                    reader = try await begin()
                }
                if let position = reader?.position, position >= eventLog.head {
                    await eventLog.waitForLines(after: position)
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

    /// Waits for the pause, or until a page load waits.
    private func rest() async {
        let clock = clock
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(for: .question) }
            group.addTask { try? await clock.sleep(for: Self.pause) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Reads the latest lines into the board; returns a reader of the lines that follow.
    private func begin() async throws -> EventLogReader {
        let wanted = RolloutBoard.wanted
        let batch = try await eventLog.last(
            Self.linesAtStart, query: EventLogQuery(since: wall.now - Self.span, where: wanted),
            maxBytes: Self.batchBytes)
        await observe(batch.lines, from: .start, to: batch.end)
        return eventLog.reader(from: batch.end, query: EventLogQuery(where: wanted))
    }

    private func read(through reader: inout EventLogReader?) async throws {
        guard let from = reader?.position else { return }
        guard let batch = try await reader?.next(maxLines: 2000, maxBytes: Self.batchBytes) else {
            return
        }
        await observe(batch.lines, from: from, to: batch.end)
    }

    /// Adds lines to the board. Called only by `run`, so calls never overlap.
    private func observe(
        _ batch: [EventLogLine], from start: LogPosition, to end: LogPosition
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

    /// Returns when the version differs from `version`, or the task is cancelled. The log is
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
                    isReady = Task.isCancelled || state.isDone(wait)
                    if !isReady { state.waiters[id] = Waiter(wait: wait, wake: continuation) }
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
            waiter?.wake.resume()
        }
    }

    /// Whether a page waits for changes.
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
