import Events
import TestSupport
import Testing

@testable import Journal

@Suite("A clock that jumps")
struct ClockJumpTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    private func identified(_ number: Int) -> String {
        #"{"ts":"\#(log.clock.wall.now.rfc3339)","event":"x","id":"id-\#(number)","padding":""#
            + String(repeating: "p", count: 900) + #""}"#
    }

    @Test("back an hour: order, places and marks hold, beside the writer and after a start")
    func back() async throws {
        let small: (inout JournalConfiguration) -> Void = { $0.segmentBytes = 64 * 1024 }
        var journal = try await log.open(small)
        var sent: [String] = []
        var place = LogPosition.start
        for round in 0..<4 {
            let lines = (1...100).map { identified(round * 100 + $0) }
            #expect(try await journal.ingest(body(lines)).accepted == 100)
            sent += lines
            if round == 1 { place = journal.head }
            // An hour back, once within a segment and once over a start.
            log.clock.advance(by: .seconds(round < 2 ? -3600 : 1))
            await journal.maintain()
            if round == 2 {
                await journal.close()
                journal = try await log.open(small)
            }
            let again = try await journal.ingest(body(Array(sent.prefix(10) + sent.suffix(10))))
            #expect(again.duplicates == 20)
        }
        await journal.settle()
        #expect(try log.archives().count > 3)
        var reader = journal.reader(from: .start)
        #expect(try await reader.texts() == sent)
        var later = journal.reader(from: place)
        #expect(try await later.texts() == Array(sent[200...]))
        var foreign = log.files.reader()
        #expect(try await foreign.texts() == sent)
        // What is asked by time is told by the lines, whatever the segments' order says.
        let since = log.clock.wall.now + .seconds(1800)
        let expected = sent.filter { line in
            (try? Event(line: Array(line.utf8))).map { $0.ts >= since } ?? false
        }
        #expect(expected.count == 200)
        var recent = log.files.reader(query: JournalQuery(since: since))
        #expect(try await recent.texts() == expected)
        await journal.close()
        #expect(try await log.files.verify().isSound)
    }
}
