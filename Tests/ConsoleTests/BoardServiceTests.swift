import Events
import EventLog
import TestSupport
import Testing

@testable import Console

@Suite("The board's keeper")
struct BoardServiceTests {
    /// A log of its own, closed at the end.
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

    @Test("nobody looks: nothing is read; a look knows all that the log holds")
    func look() async throws {
        try await withLog { eventLog in
            let keeper = BoardService(eventLog: eventLog, clock: ManualClock())
            let run = Task { await keeper.run() }
            for attempt in 1...3 {
                try await eventLog.append(RolloutBoardTests.event(attempt: attempt, now: true))
            }
            #expect(keeper.present.version == 0)
            #expect(await keeper.look().board.rollouts.values.first?.lanes[0].attempts.count == 3)
            // What no board wants is passed over, not waited for.
            try await eventLog.append(Event(ts: WallClock.system.now, event: "sender.own"))
            #expect(await keeper.look().version == 3)
            run.cancel()
            await run.value
        }
    }

    @Test("who watches is told of each change")
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

    @Test("where the log is not followed, a look takes what there is")
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
