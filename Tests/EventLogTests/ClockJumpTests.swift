import Events
import Foundation
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

    @Test("forward, in a process and between two: an id is known until its window has passed")
    func forward() async throws {
        let small: (inout EventLogConfiguration) -> Void = {
            $0.segmentBytes = 64 * 1024
            $0.dedupWindow = .seconds(7200)
        }
        let year = Duration.seconds(365 * 86_400)
        var eventLog = try await log.open(small)
        let first = (1...100).map { identified($0) }
        let second = (101...200).map { identified($0) }
        let third = [identified(201)]
        #expect(try await eventLog.ingest(body(first)).accepted == 100)
        log.clock.advance(by: .seconds(600))
        log.clock.setWall(by: year)
        #expect(try await eventLog.ingest(body(first)).duplicates == 100)
        #expect(try await eventLog.ingest(body(second)).accepted == 100)
        await eventLog.settle()
        // Both are in the stored index, the third only in the open segment.
        #expect(eventLog.head.segment == 3)
        #expect(try await eventLog.ingest(body(third)).accepted == 1)
        for _ in 0..<2 {
            await eventLog.close()
            log.clock.setWall(by: year)
            eventLog = try await log.open(small)
            #expect(try await eventLog.ingest(body(first + second + third)).duplicates == 201)
        }
        log.clock.advance(by: .seconds(7200 - 600 - 1))
        #expect(try await eventLog.ingest(body(first + second + third)).duplicates == 201)
        log.clock.advance(by: .seconds(1))
        let late = try await eventLog.ingest(body(first + second + third))
        #expect((late.accepted, late.duplicates) == (100, 101))
        await eventLog.close()
    }

    @Test("forward before a start without the index: ids are read from the segments of the window")
    func forwardWithoutIndex() async throws {
        let small: (inout EventLogConfiguration) -> Void = { $0.segmentBytes = 64 * 1024 }
        var eventLog = try await log.open(small)
        let lines = (1...200).map { identified($0) }
        for part in [lines.prefix(100), lines.suffix(100)] {
            #expect(try await eventLog.ingest(body(Array(part))).accepted == 100)
        }
        await eventLog.settle()
        await eventLog.close()
        #expect(try log.archives().count == 2)
        for name in [SegmentName.marks, SegmentName.olderMarks] {
            try? FileManager.default.removeItem(atPath: log.directory + "/log/" + name)
        }
        log.clock.setWall(by: .seconds(365 * 86_400))
        eventLog = try await log.open(small)
        #expect(try await eventLog.ingest(body(lines)).duplicates == 200)
        await eventLog.close()
    }
}
