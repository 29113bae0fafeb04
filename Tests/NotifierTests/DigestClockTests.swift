import Digests
import Events
import EventLog
import Notifier
import State
import Telemetry
import TestSupport
import Testing

@Suite("The clock of digests")
struct DigestClockTests {
    @Test(
        "a window that is open when the clock is set closes in time, once",
        arguments: [Duration.seconds(-86_400), .seconds(-365 * 86_400), .seconds(86_400)])
    func window(step: Duration) async throws {
        let folder = try TemporaryDirectory()
        let clock = ManualClock()
        let store = try Store(path: folder.file("state.sqlite"))
        let eventLog = try await EventLog.open(
            EventLogConfiguration(directory: folder.file("data"), node: "n"), clock: clock.wall,
            telemetry: .silent)
        let kept = KeptDigests()
        let settings = DigestSettings(
            firstAfter: .seconds(600), maxWindow: .seconds(3600), repeatEvery: .seconds(7200))
        let service = DigestService(
            DigestService.Plan(settings: settings),
            decisions: DecisionLog(eventLog: eventLog, store: store, telemetry: .silent),
            dispatch: kept,
            wall: clock.wall, clock: clock, telemetry: .silent)
        let task = Task { try await service.run() }
        defer { task.cancel() }
        _ = try await eventLog.ingest(
            Event(
                id: "e", ts: clock.wall.now, level: .error, event: "analysis.unhealthy", node: "gw",
                az: "a", namespace: "prod", rollout: "shop", revision: "1", attempt: 1,
                status: .unhealthy
            ).line)
        try await eventually("the line is read") { service.status.openGroups == 1 }

        clock.setWall(by: step)
        let begun = clock.now
        for _ in 0..<30 {
            clock.advance(by: .seconds(10))
            await clock.sleepers()
        }
        #expect(kept.all.isEmpty)
        try await eventually("the window closes") {
            clock.advance(by: .seconds(1))
            return kept.all.count == 1
        }
        // Far from the date that the clock was set to; the steps of a slow test do not matter.
        #expect(begun.duration(to: clock.now) < .seconds(20_000))
        await eventLog.close()
    }
}
