import Core
import EventLog
import Events
import JSON
import State
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Gateway

@Suite("A forwarder that is late")
struct ForwarderGapTests {
    @Test("removed lines are reported once, however often the batch after them is retried")
    func once() async throws {
        let folder = try TemporaryDirectory()
        let clock = ManualClock()
        let store = try Store(path: folder.file("state.sqlite"))
        var configuration = EventLogConfiguration(directory: folder.file("data"), node: "gw-a1")
        configuration.segmentBytes = 64 * 1024
        configuration.maxAge = .seconds(86_400)
        let eventLog = try await EventLog.open(
            configuration, clock: clock.wall, telemetry: .silent, monotonic: clock)
        func fill() async throws -> LogPosition {
            var end = LogPosition.start
            for n in 0..<200 {
                end = try await eventLog.append(
                    Event(
                        ts: clock.wall.now, level: .info, event: "node.note",
                        message: "\(n) " + String(repeating: "x", count: 1000)))
            }
            return end
        }
        var reader = eventLog.reader(from: .start)
        _ = try await fill()
        let early = try await reader.next(maxLines: 1).end
        try await store.write { db in
            try CursorTable.move(db, Forwarder.cursorName, to: early)
        }
        clock.advance(by: .seconds(90_000))
        _ = try await fill()
        try await eventually("the old lines are removed") {
            await eventLog.maintain()
            var late = eventLog.reader(from: early)
            return try await late.next(maxLines: 10_000).skipped > 0
        }

        let away = try await HTTPDouble.start()
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        /// Runs a forwarder until it has failed this often.
        func run(failures: Int) async throws {
            let forwarder = Forwarder(
                Forwarder.Configuration(
                    to: [away.url("/status/503?")], token: nil, trust: .system,
                    retry: RetryPolicy(
                        initial: .milliseconds(1), factor: 1, ceiling: .milliseconds(1))),
                eventLog: eventLog, store: store, transfer: engine, telemetry: .silent)
            let task = Task { await forwarder.run() }
            defer { task.cancel() }
            try await eventually("it failed \(failures) times") {
                forwarder.status.failuresInARow >= failures
            }
        }
        try await run(failures: 5)
        // Also after a restart.
        try await run(failures: 5)
        let log = try await eventLog.last(10_000)
        let gaps = try log.lines.map { try Event(line: $0.bytes) }
            .filter { $0.event == EventName.logGap }
        #expect(gaps.count == 1)
        #expect(gaps.first?.extra("cursor")?.string == Forwarder.cursorName)
        await eventLog.close()
    }
}
