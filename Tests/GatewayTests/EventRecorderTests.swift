import Dispatch
import Events
import Foundation
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import EventLog
@testable import Gateway
@testable import Server

@Suite("Recording this node's own events")
struct EventRecorderTests {
    let folder: TemporaryDirectory
    let clock = ManualClock()
    let telemetry = Telemetry.silent
    let eventLog: EventLog
    let recorder: EventRecorder

    init() async throws {
        folder = try TemporaryDirectory()
        eventLog = try await EventLog.open(
            EventLogConfiguration(directory: folder.file("data"), node: "gw-a1"),
            clock: clock.wall, telemetry: .silent)
        recorder = EventRecorder(eventLog: eventLog, clock: clock, telemetry: telemetry)
    }

    private func event(_ name: String) -> Event { Event(ts: clock.wall.now, event: name) }

    private func lost() -> Double {
        telemetry.registry.value("bellwether_events_lost_total") ?? -1
    }

    private func late() -> Double {
        telemetry.registry.value("bellwether_events_late_total") ?? -1
    }

    private func names() async throws -> [String] {
        var reader = eventLog.reader(from: .start)
        return try await reader.next(maxLines: 1000).lines.map { try Event(line: $0.bytes).event }
    }

    /// Keeps the log's writer thread from writing until the returned function is called.
    private func blockWriter() async throws -> @Sendable () -> Void {
        let (eventLog, isHeld, release) = (eventLog, TestGate(), DispatchSemaphore(value: 0))
        Thread.detachNewThread {
            eventLog.writer.withLock { _ in
                Task { await isHeld.pass() }
                release.wait()
            }
        }
        await isHeld.arrivals()
        isHeld.open()
        return { release.signal() }
    }

    @Test("an event that the log stores in time is neither lost nor late, and no alarm stays")
    func inTime() async throws {
        await recorder.record(event("x.one"), within: .seconds(1))
        #expect(try await names() == ["x.one"])
        #expect(lost() == 0 && late() == 0)
        // An alarm that was not cancelled would be counted now.
        clock.advance(by: .seconds(10))
        #expect(late() == 0)
        await eventLog.close()
    }

    @Test("failed handshakes are an event of the log")
    func handshakes() async throws {
        await recorder.record(
            handshake: HandshakeRecord(
                at: clock.wall.now, reason: "certificate_refused", detail: "TLSV1_ALERT_UNKNOWN_CA",
                peer: "10.0.0.1", count: 3),
            node: "gw-a1", az: "az-1")
        #expect(try await names() == ["tls.refused"])
        #expect(lost() == 0 && late() == 0)
        await eventLog.close()
    }

    @Test("a slow log delays the answer for the limit only, and stores the event afterwards")
    func slow() async throws {
        let release = try await blockWriter()
        let recording = Task { await recorder.record(event("x.slow"), within: .milliseconds(500)) }
        await clock.sleepers()
        clock.advance(by: .milliseconds(499))
        #expect(late() == 0)
        clock.advance(by: .milliseconds(1))
        await recording.value
        #expect(late() == 1 && lost() == 0)
        release()
        try await eventually("the event is stored") { try await names() == ["x.slow"] }
        #expect(lost() == 0)
        await eventLog.close()
    }

    @Test("a caller that is cancelled does not withdraw its event, and waits no longer")
    func cancelled() async throws {
        let release = try await blockWriter()
        let recording = Task { await recorder.record(event("x.left"), within: .seconds(600)) }
        await clock.sleepers()
        recording.cancel()
        await recording.value
        #expect(late() == 0 && lost() == 0)
        release()
        try await eventually("the event is stored") { try await names() == ["x.left"] }
        await eventLog.close()
    }

    @Test("an event that the log refuses is counted as lost at once")
    func refused() async throws {
        var large = event("x.large")
        large.message = String(repeating: "x", count: EventLogConfiguration.maxLineBytes)
        await recorder.record(large, within: .seconds(600))
        #expect(lost() == 1 && late() == 0)

        await eventLog.close()
        await recorder.record(event("x.closed"), within: .seconds(600))
        #expect(lost() == 2 && late() == 0)
    }

    @Test("many recorders at once store each event once")
    func together() async throws {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    await recorder.record(event("x.n\(number)"), within: .seconds(600))
                }
            }
        }
        #expect(try await names().sorted() == (0..<200).map { "x.n\($0)" }.sorted())
        #expect(lost() == 0 && late() == 0)
        await eventLog.close()
    }
}
