import Events
import TestSupport
import Testing

@testable import EventLog

@Suite("A clock that jumps")
struct ClockJumpTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    private func identified(_ number: Int) -> String {
        #"{"ts":"\#(log.clock.wall.now.rfc3339)","event":"x","id":"id-\#(number)","padding":""#
            + String(repeating: "p", count: 900) + #""}"#
    }

    @Test("back an hour: order, positions and deduplication hold, also after a restart")
    func back() async throws {
        let small: (inout EventLogConfiguration) -> Void = { $0.segmentBytes = 64 * 1024 }
        var eventLog = try await log.open(small)
        var sent: [String] = []
        var place = LogPosition.start
        for round in 0..<4 {
            let lines = (1...100).map { identified(round * 100 + $0) }
            #expect(try await eventLog.ingest(body(lines)).accepted == 100)
            sent += lines
            if round == 1 { place = eventLog.head }
            // Back an hour, once within a segment and once across a restart.
            log.clock.advance(by: .seconds(round < 2 ? -3600 : 1))
            await eventLog.maintain()
            if round == 2 {
                await eventLog.close()
                eventLog = try await log.open(small)
            }
            let again = try await eventLog.ingest(body(Array(sent.prefix(10) + sent.suffix(10))))
            #expect(again.duplicates == 20)
        }
        await eventLog.settle()
        #expect(try log.archives().count > 3)
        var reader = eventLog.reader(from: .start)
        #expect(try await reader.texts() == sent)
        var later = eventLog.reader(from: place)
        #expect(try await later.texts() == Array(sent[200...]))
        var foreign = log.files.reader()
        #expect(try await foreign.texts() == sent)
        // A query by time uses the times of the lines, whatever the order of segments.
        let since = log.clock.wall.now + .seconds(1800)
        let expected = sent.filter { line in
            (try? Event(line: Array(line.utf8))).map { $0.ts >= since } ?? false
        }
        #expect(expected.count == 200)
        var recent = log.files.reader(query: EventLogQuery(since: since))
        #expect(try await recent.texts() == expected)
        await eventLog.close()
        #expect(try await log.files.verify().isSound)
    }
}
