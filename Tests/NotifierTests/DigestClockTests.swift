import Delivery
import Digests
import Events
import EventLog
import Notifier
import Rendering
import State
import Synchronization
import Telemetry
import TestSupport
import Testing

@Suite("The clock of digests")
struct DigestClockTests {
    /// Records the digests that it gets.
    private final class Kept: DigestDispatch {
        private let ids = Mutex<[String]>([])
        var all: [String] { ids.withLock { $0 } }

        func render(_ digest: Digest) -> RenderedDigest {
            RenderedDigest(
                id: digest.id, thread: digest.thread, subject: "s", slack: "{}", text: "t",
                html: "h", model: "{}", kind: digest.kind.rawValue, groupKey: "k",
                composedAt: digest.composedAt)
        }

        func addressees(of digest: Digest) -> [Addressee] { [] }

        func enqueue(
            _ rendered: RenderedDigest, of digest: Digest, to addressees: [Addressee],
            at now: Timestamp, in db: Store.Transaction
        ) throws {
            ids.withLock { $0.append(digest.id) }
        }

        func wake() {}
    }

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
        let kept = Kept()
        let settings = DigestSettings(
            firstAfter: .seconds(600), maxWindow: .seconds(3600), repeatEvery: .seconds(7200))
        let desk = DigestService(
            DigestService.Plan(settings: settings),
            decisions: DecisionLog(eventLog: eventLog, store: store, telemetry: .silent),
            dispatch: kept,
            wall: clock.wall, clock: clock, telemetry: .silent)
        let task = Task { try await desk.run() }
        defer { task.cancel() }
        _ = try await eventLog.ingest(
            Event(
                id: "e", ts: clock.wall.now, level: .error, event: "analysis.unhealthy", node: "gw",
                az: "a", namespace: "prod", rollout: "shop", revision: "1", attempt: 1,
                status: .unhealthy
            ).line)
        try await eventually("the line is read") { desk.status.openGroups == 1 }

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
