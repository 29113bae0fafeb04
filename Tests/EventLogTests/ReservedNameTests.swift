import Events
import TestSupport
import Testing

@testable import EventLog

@Suite("Names that only the node itself writes")
struct ReservedNameTests {
    @Test("lines from outside with the name of a decision are refused by name")
    func refused() async throws {
        let folder = try TemporaryDirectory()
        let log = try await EventLog.open(
            EventLogConfiguration(directory: folder.path, node: "n"))
        var body = ""
        for name in EventName.decisions {
            body += #"{"ts":"2026-11-23T06:00:00Z","event":"\#(name)","digest":"d"}"# + "\n"
        }
        // The same name with an escape.
        body += #"{"ts":"2026-11-23T06:00:00Z","event":"delivery.s\u0065nt"}"# + "\n"
        // A line in another form is rewritten first.
        body += #"{"time":1795413600,"event":"silence.added"}"# + "\n"
        body += #"{"ts":"2026-11-23T06:00:00Z","event":"delivery.other"}"# + "\n"
        let receipt = try await log.ingest(Array(body.utf8))
        #expect(receipt.accepted == 1)
        #expect(receipt.rejected.count == EventName.decisions.count + 2)
        #expect(receipt.rejected.allSatisfy { $0.error == .reserved })
        #expect(EventName.decisions.contains("delivery.dead"))
        await log.close()
    }

    @Test("events that are appended together are in the log in order, as one group")
    func together() async throws {
        let folder = try TemporaryDirectory()
        let log = try await EventLog.open(
            EventLogConfiguration(directory: folder.path, node: "n"))
        let ts = Timestamp(milliseconds: 1_795_413_600_000)
        let end = try await log.append(
            together: (1...3).map { Event(ts: ts, event: EventName.digestPart, message: "\($0)") })
        #expect(end == log.head)
        let lines = try await log.last(10).lines
        let events = try lines.map { try Event(line: $0.bytes) }
        #expect(events.map(\.message) == ["1", "2", "3"])
        #expect(events.map(\.seq) == [1, 2, 3])
        #expect(lines.allSatisfy { log.wrote($0.bytes) })
        await log.close()
    }
}
