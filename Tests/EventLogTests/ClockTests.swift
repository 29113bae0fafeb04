import Events
import Foundation
import TestSupport
import Testing

@testable import EventLog

/// A clock that is set back or was wrong for a while loses no line and keeps the order.
@Suite("A clock that jumps")
struct ClockTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    /// Three segments; the clock is set back by `jump` before the second.
    private func jumping(_ jump: Duration) async throws -> (EventLog, lines: [String]) {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        var lines: [String] = []
        for part in 0..<3 {
            if part == 1 { log.clock.advance(by: jump) }
            let first = part * 100 + 1
            let some = (first..<first + 100).map { senderLine($0, padding: 900) }
            _ = try await eventLog.ingest(body(some))
            lines += some
            log.clock.advance(by: .seconds(1))
        }
        await eventLog.maintain()
        await eventLog.settle()
        #expect(try log.archives().count == 3)
        return (eventLog, lines)
    }

    @Test(
        "names stay in order, so that zcat of all of them gives the lines in order",
        arguments: [-3600, -86_400 * 400, 86_400 * 400])
    func names(seconds: Int) async throws {
        let (eventLog, lines) = try await jumping(.seconds(seconds))
        let numbers = try log.archives().map { $0.dropLast(9).suffix(6) }
        #expect(numbers == ["000001", "000002", "000003"])
        #expect(
            String(decoding: try log.gunzipped(), as: UTF8.self) == lines.joined(separator: "\n")
                + "\n")
        await eventLog.close()
        // A restart still knows the last name.
        let again = try await log.open { $0.segmentBytes = 64 * 1024 }
        let more = (301...400).map { senderLine($0, padding: 900) }
        _ = try await again.ingest(body(more))
        await again.maintain()
        await again.settle()
        #expect(try log.archives().map { $0.dropLast(9).suffix(6) }.last == "000004")
        var reader = again.reader(from: .start)
        #expect(try await reader.texts() == lines + more)
        await again.close()
    }

    @Test("tail shows the lines in order of arrival, whatever their times")
    func tail() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        for i in 0..<300 {
            if i == 150 { log.clock.advance(by: .seconds(-3600)) }
            var event = log.event()
            event.attempt = i
            event.message = String(repeating: "m", count: 600)
            try await eventLog.append(event)
            log.clock.advance(by: .seconds(1))
        }
        await eventLog.maintain()
        await eventLog.settle()
        #expect(try log.archives().count > 1)
        let last = try await log.files.last(200)
        #expect(try last.lines.compactMap { try Event(line: $0.bytes).attempt } == Array(100..<300))
        var reader = log.files.reader(from: last.lines[49].end)
        let rest = try await reader.all().compactMap { try Event(line: $0.bytes).attempt }
        #expect(rest == Array(150..<300))
        await eventLog.close()
    }

    @Test("a query by time finds lines that are out of order, in archives and in the open segment")
    func queryByTime() async throws {
        let start = log.clock.wall.now
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        // Ten minutes, then an hour back, then ten minutes from there; repeated.
        var times: [Timestamp] = []
        for i in 0..<1200 {
            if i == 600 { log.clock.advance(by: .seconds(-3600)) }
            var event = log.event()
            event.attempt = i
            event.az = "az\(i % 3)"
            event.message = String(repeating: "m", count: 300)
            times.append(event.ts)
            try await eventLog.append(event)
            log.clock.advance(by: .seconds(1))
        }
        await eventLog.maintain()
        await eventLog.settle()
        #expect(try log.archives().count > 3)
        for (low, high) in [(0, 600), (-3000, -2500), (-3600, 700), (-2401, 1), (599, 600)] {
            let (since, until) = (start + .seconds(low), start + .seconds(high))
            let query = EventLogQuery(since: since, until: until)
            let expected = times.indices.filter { times[$0] >= since && times[$0] < until }
            var reader = log.files.reader(query: query)
            let found = try await reader.all().compactMap { try Event(line: $0.bytes).attempt }
            #expect(found == expected, "\(low) to \(high)")
            #expect(try await log.files.count(by: "az", query: query).total == expected.count)
        }
        await eventLog.close()
    }

    @Test("an id is known for its window despite the clock jump, and sequence numbers permanently")
    func dedupWindow() async throws {
        let eventLog = try await log.open { $0.dedupWindow = .seconds(7200) }
        let byID = (1...5).map {
            #"{"ts":"2026-11-23T06:00:00Z","event":"a.b","id":"i\#($0)"}"#
        }
        let lines = byID + (1...5).map { senderLine($0) }
        #expect(try await eventLog.ingest(body(lines)).accepted == 10)
        log.clock.advance(by: .seconds(-3600))
        #expect(try await eventLog.ingest(body(lines)).duplicates == 10)
        await eventLog.close()
        // A restart whose clock is behind the log's last line.
        let again = try await log.open { $0.dedupWindow = .seconds(7200) }
        #expect(try await again.ingest(body(lines)).duplicates == 10)
        log.clock.advance(by: .seconds(3600 + 7199))
        #expect(try await again.ingest(body(lines)).duplicates == 10)
        log.clock.advance(by: .seconds(1))
        let late = try await again.ingest(body(lines))
        #expect(late.accepted == 5 && late.duplicates == 5)
        await again.close()
    }

    @Test("a segment that began before the jump is closed on time")
    func segmentAge() async throws {
        let eventLog = try await log.open { $0.segmentAge = .seconds(3600) }
        try await eventLog.append(log.event())
        log.clock.advance(by: .seconds(-1800))
        await eventLog.maintain()
        #expect(eventLog.head.segment == 1)
        // Its first line is now a whole `segmentAge` in the future, so the segment is closed.
        log.clock.advance(by: .seconds(-1800))
        await eventLog.maintain()
        #expect(eventLog.head == LogPosition(segment: 2, offset: 0))
        try await eventLog.append(log.event())
        log.clock.advance(by: .seconds(3600))
        await eventLog.maintain()
        #expect(eventLog.head == LogPosition(segment: 3, offset: 0))
        await eventLog.close()
    }
}
