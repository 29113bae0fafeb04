public import Events
public import EventLog
import Synchronization

/// The ends of runs in the last minutes, read from the log; gateways poll them.
///
/// Thread-safe. Nothing is stored: after a restart the log is read again, and an end that is
/// applied twice changes nothing.
public final class RunEndBook: Sendable {
    /// How long an end is kept: longer than any run stays open in silence.
    static let span = Duration.seconds(900)
    /// The most ends that are kept; the oldest is dropped first.
    static let most = 1000
    /// Pause between two reads. Limits the cost of a busy log.
    private static let pause = Duration.milliseconds(250)

    private struct State {
        var ends: [RunEnd] = []
        /// The number of ends so far; `ends` holds the last of them.
        var count = 0
    }

    private let eventLog: EventLog
    private let lines: LineGuard
    private let wall: WallClock
    private let clock: any Clock<Duration>
    private let onEnd: @Sendable (RunEnd) async -> Void
    /// Distinguishes the numbers of this book from those before a restart.
    private let name: String
    private let state = Mutex(State())

    /// - Parameter onEnd: Called for each end, in the log's order.
    public init(
        eventLog: EventLog, wall: WallClock = .system,
        clock: any Clock<Duration> = ContinuousClock(),
        onEnd: @escaping @Sendable (RunEnd) async -> Void = { _ in }
    ) {
        self.eventLog = eventLog
        lines = eventLog.lineGuard(of: .runs)
        self.wall = wall
        self.clock = clock
        self.onEnd = onEnd
        name = String(UInt64.random(in: 0 ... .max), radix: 36)
    }

    /// Follows the log until cancelled. Retries when reading fails.
    public func run() async {
        await lines.pause(clock)
        var reader = begin()
        while !Task.isCancelled {
            do {
                let batch = try await reader.next(maxLines: 500, maxBytes: 1 << 20)
                let found = await lines.fold(batch.lines, into: [RunEnd]()) { [self] found, line in
                    if let event = try? Event(line: line.bytes), let end = RunEnd(event) {
                        add(end)
                        found.append(end)
                    }
                }
                for end in found { await onEnd(end) }
                guard batch.isCaughtUp else { continue }
                await eventLog.waitForLines(after: batch.end)
                try? await clock.sleep(for: Self.pause)
            } catch {
                reader = begin()
                try? await clock.sleep(for: .seconds(1))
            }
        }
    }

    private func begin() -> EventLogReader {
        // The condition only selects: names that merely contain the text are dropped later.
        eventLog.reader(
            from: .start,
            query: EventLogQuery(
                since: wall.now - Self.span, where: .contains("event", "rollout.")))
    }

    func add(_ end: RunEnd) {
        state.withLock { state in
            if state.ends.contains(end) { return }
            state.ends.append(end)
            state.count +|= 1
            if state.ends.count > Self.most { state.ends.removeFirst() }
        }
    }

    /// The ends after an earlier answer, and the name of this one.
    ///
    /// - Parameter token: The name of an earlier answer. Any other text gets every end.
    func ends(after token: String) -> (ends: [RunEnd], next: String) {
        let oldest = wall.now - Self.span
        return state.withLock { state in
            let parts = token.split(separator: "-")
            let known =
                parts.count == 2 && parts[0] == name ? Int(parts[1]).map { max($0, 0) } ?? 0 : 0
            let new = min(max(state.count - known, 0), state.ends.count)
            return (
                state.ends.suffix(new).filter { $0.at >= oldest }, "\(name)-\(state.count)"
            )
        }
    }
}
