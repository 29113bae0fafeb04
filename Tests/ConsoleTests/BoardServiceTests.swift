import Events
import EventLog
import TestSupport
import Testing

@testable import Console

@Suite("The board service")
struct BoardServiceTests {
    /// A log for the test, closed at the end.
    private func withLog(_ body: (EventLog) async throws -> Void) async throws {
        let folder = try TemporaryDirectory()
        let eventLog = try await EventLog.open(
            EventLogConfiguration(directory: folder.path, node: "gw-1"))
        do { try await body(eventLog) } catch {
            await eventLog.close()
            throw error
        }
        await eventLog.close()
    }

    @Test("without a viewer nothing is read; a view contains everything in the log")
    func look() async throws {
        try await withLog { eventLog in
            let keeper = BoardService(eventLog: eventLog, clock: ManualClock())
            let run = Task { await keeper.run() }
            for attempt in 1...3 {
                try await eventLog.append(RolloutBoardTests.event(attempt: attempt, now: true))
            }
            #expect(keeper.present.version == 0)
            #expect(await keeper.look().board.rollouts.values.first?.lanes[0].attempts.count == 3)
            // Lines that no board needs are skipped.
            try await eventLog.append(Event(ts: WallClock.system.now, event: "sender.own"))
            #expect(await keeper.look().version == 3)
            run.cancel()
            await run.value
        }
    }

    @Test("a watching page is notified of each change")
    func watch() async throws {
        try await withLog { eventLog in
            let keeper = BoardService(eventLog: eventLog, clock: ManualClock())
            let run = Task { await keeper.run() }
            let change = Task { await keeper.waitForChange(after: 0) }
            try await eventLog.append(RolloutBoardTests.event(now: true))
            await change.value
            #expect(keeper.present.version == 1)
            run.cancel()
            await run.value
        }
    }

    @Test("if the log is not followed, a view reads the current lines")
    func patience() async throws {
        try await withLog { eventLog in
            let clock = ManualClock()
            let keeper = BoardService(eventLog: eventLog, clock: clock)
            try await eventLog.append(RolloutBoardTests.event(now: true))
            let look = Task { await keeper.look().version }
            await clock.sleepers()
            clock.advance(by: .seconds(3))
            #expect(await look.value == 0)
        }
    }
}
