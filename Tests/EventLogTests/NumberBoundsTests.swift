import Events
import Foundation
import JSON
import TestSupport
import Testing

@testable import EventLog

/// Numbers out of range are refused by field name at ingest. They cause no trap where an earlier
/// version stored them, a file contains them, or a caller passes them.
@Suite("Numbers out of range in the log")
struct NumberBoundsTests {
    private static let start = #"{"ts":"2026-11-23T06:00:00Z","event":"analysis.unhealthy","#

    static let poison = [
        start + #""failure_limit":9223372036854775807}"#,
        start + #""run_count":-1}"#, start + #""run":1000000001}"#,
        start + #""attempt":9223372036854775807}"#, start + #""attempt":"-9223372036854775808"}"#,
        start + #""attempt": 9223372036854775807}"#,
        #"{"ts":"2026-11-23T06:00:00Z","event":"log.shed","count":9223372036854775807}"#,
        #"{"ts":"2026-11-23T06:00:00Z","event":"log.gap","lines":9223372036854775807}"#,
        #"{"ts":"0001-01-01T00:00:00Z","event":"x"}"#,
        #"{"ts":"9999-12-31T23:59:59-01:00","event":"x"}"#,
    ]

    private static let faults = [
        #"field "failure_limit" must be a whole number from 0 to 1000000000, not 9223372036854775807"#,
        #"field "run_count" must be a whole number from 0 to 1000000000, not -1"#,
        #"field "run" must be a whole number from 0 to 1000000000, not 1000000001"#,
        #"field "attempt" must be a whole number from 0 to 1000000000, not 9223372036854775807"#,
        #"field "attempt" must be a whole number from 0 to 1000000000, not -9223372036854775808"#,
        #"field "attempt" must be a whole number from 0 to 1000000000, not 9223372036854775807"#,
        #"field "count" must be a whole number from 0 to 1000000000, not 9223372036854775807"#,
        #"field "lines" must be a whole number from 0 to 1000000000, not 9223372036854775807"#,
        #"field "ts" must be a time in the years 1970 to 9999, not 0001-01-01T00:00:00Z"#,
        #"field "ts" must be a time in the years 1970 to 9999, not 9999-12-31T23:59:59-01:00"#,
    ]

    // MARK: - Ingest

    @Test("ingest reports field, value and range, and keeps the other lines")
    func door() async throws {
        let log = try TestLog()
        let eventLog = try await log.open()
        let receipt = try await eventLog.ingest(
            body([senderLine(1)] + Self.poison + [senderLine(2)]))
        #expect(receipt.accepted == 2)
        #expect(receipt.rejected.map(\.error.description) == Self.faults)
        #expect(receipt.rejected.map(\.line) == Array(2...(Self.poison.count + 1)))
        await eventLog.close()
    }

    @Test("numbers at both ends of their range")
    func ends() throws {
        for field in ["attempt", "run", "run_count", "failure_limit", "unmeasured", "own"] {
            for number in ["0", "999999999", "1000000000", "1000000001", "-1", "-0", "1e3", "1.5"] {
                let line = Array((Self.start + #""\#(field)":\#(number)}"#).utf8)
                let isTaken =
                    field == "own"
                    || ["0", "999999999", "1000000000", "-0", "1e3"].contains(number)
                #expect(((try? ScannedLine(line)) != nil) == isTaken, "\(field) \(number)")
                #expect((try? ScannedLine(line, from: .log)) != nil || number == "1.5")
            }
        }
    }

    @Test("our own events are checked in the same way")
    func ownEvents() async throws {
        let log = try TestLog()
        let eventLog = try await log.open()
        var event = log.event()
        event.attempt = .max
        await #expect(throws: EventLogError.self) { _ = try await eventLog.append(event) }
        event.attempt = 1
        event.ts = Timestamp(milliseconds: .min)
        await #expect(throws: EventLogError.self) { _ = try await eventLog.append(event) }
        // Our own counters are clamped to the range of counts.
        _ = try await eventLog.appendGap(lines: .max, cursor: "digest", at: log.clock.wall.now)
        let reported = try Event(line: try await eventLog.last(1).lines[0].bytes, from: .sender)
        #expect(reported.extra("lines")?.count == .max)
        var tally = ShedTally()
        tally.deferred = .max
        tally.lost[.failure] = .max
        let shed = tally.event(at: log.clock.wall.now)
        #expect(throws: Never.self) { try Event(line: shed.line, from: .sender) }
        await eventLog.close()
    }

    // MARK: - Stored lines

    /// An open segment with lines from an earlier version, which ingest did not check.
    static func segment(_ number: UInt64, _ groups: [[String]], after: UInt64 = 0) -> [UInt8] {
        let now = Timestamp(milliseconds: 1_795_413_600_000)
        var end: UInt64 = 0
        var bytes = CommitLine(
            segment: number, end: 0, bytes: 0, count: 0, at: now, after: after
        ).encoded(groupChecksum: 0)
        for lines in groups {
            let group = body(lines)
            end += UInt64(group.count)
            bytes += group
            bytes += CommitLine(
                segment: number, end: end, bytes: group.count, count: lines.count, at: now
            ).encoded(groupChecksum: Checksum.crc32(group))
        }
        return bytes
    }

    private static func write(_ bytes: [UInt8], _ name: String, _ log: TestLog) throws {
        try FileManager.default.createDirectory(
            atPath: log.directory + "/log", withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: log.directory + "/log/" + name))
    }

    /// Runs every operation that a command or a node performs on a log.
    private static func askEverything(_ log: TestLog) async throws -> [String] {
        let files = log.files
        let stats = try await files.stats()
        _ = (stats.lines, stats.bytes, stats.allocated, stats.linesPerSecond)
        _ = (stats.earliest?.rfc3339, stats.latest?.rfc3339)
        for segment in stats.segments { _ = (segment.earliest?.rfc3339, segment.latest?.rfc3339) }
        _ = try await files.verify()
        for text in ["attempt>5", "attempt=1", "event=log.shed", "id=x", "node!=gw-b", "seq<9"] {
            let query = EventLogQuery(where: try Filter(text, .events.orAny))
            _ = try await files.count(by: "event", query: query)
            _ = try await files.count(by: "attempt", query: query)
            _ = try await files.last(10, query: query)
        }
        _ = try await files.last(.max)
        var reader = files.reader()
        return try await reader.texts()
    }

    @Test("lines that an earlier version stored are read, indexed, sealed and counted")
    func storedLines() async throws {
        let log = try TestLog()
        try Self.write(Self.segment(1, [[senderLine(1)], Self.poison]), "active.jsonl", log)
        let lines = [senderLine(1)] + Self.poison
        #expect(try await Self.askEverything(log) == lines)
        let eventLog = try await log.open { $0.segmentBytes = 4096 }
        for start in [2, 30, 60, 90] {
            let more = (start..<start + 28).map { senderLine($0, padding: 200) }
            #expect(try await eventLog.ingest(body(more)).accepted == 28)
        }
        await eventLog.settle()
        try #require(try !log.archives().isEmpty)
        var own = eventLog.reader(from: .start)
        #expect(try await own.texts().prefix(lines.count) == lines[...])
        await eventLog.close()
        #expect(try await Self.askEverything(log).prefix(lines.count) == lines[...])
        #expect(try await log.files.verify().isSound)
    }

    @Test("more missing sequence numbers of one sender than Int can hold")
    func missingNumbers() async throws {
        let log = try TestLog()
        let eventLog = try await log.open()
        let lines = ["1", "9223372036854775808", "18446744073709551615", "4611686018427387904"].map
        {
            #"{"ts":"2026-11-23T06:00:00Z","event":"x","node":"gw-b","epoch":"e","seq":\#($0)}"#
        }
        #expect(try await eventLog.ingest(body(lines)).accepted == 4)
        #expect(try await eventLog.ingest(body(lines)).duplicates == 4)
        await eventLog.close()
        #expect(try await log.files.verify().gaps.first?.missing == .max)
    }

    // MARK: - Positions

    @Test("reading from a position that no log has does not trap")
    func places() async throws {
        let log = try TestLog()
        let closed = Self.segment(1, [[senderLine(1), senderLine(2)], [senderLine(3)]])
        let end = UInt64(body([senderLine(1), senderLine(2), senderLine(3)]).count)
        try Self.write(closed, "20261123T060000.000Z-000001.jsonl", log)
        try Self.write(Self.segment(2, [[senderLine(4)]], after: end), "active.jsonl", log)
        var places: [LogPosition] = []
        for segment in [0, 1, 2, 3, 1 << 53, UInt64.max] {
            for offset in [0, 1, end - 1, end, 1 << 53, .max - 1, .max] {
                places.append(LogPosition(segment: segment, offset: offset))
            }
        }
        for place in places {
            var reader = log.files.reader(from: place)
            let batch = try await reader.next()
            #expect(batch.lines.allSatisfy { $0.end > place }, "\(place)")
        }
        let eventLog = try await log.open()
        await eventLog.settle()
        for place in places {
            _ = eventLog.bytes(after: place)
            var reader = eventLog.reader(from: place)
            let batch = try await reader.next()
            #expect(batch.lines.allSatisfy { $0.end > place }, "\(place)")
        }
        await eventLog.close()
    }

    // MARK: - Files

    @Test("a segment whose name contains the largest number")
    func lastNumber() async throws {
        let log = try TestLog()
        try Self.write([], "20261123T060000.000Z-18446744073709551615.jsonl", log)
        try Self.write(Self.segment(1, [[senderLine(1)]]), "active.jsonl", log)
        let eventLog = try await log.open()
        #expect(try await eventLog.ingest(body([senderLine(2)])).accepted == 1)
        await eventLog.close()
        #expect(try await Self.askEverything(log) == [senderLine(1), senderLine(2)])
    }

    @Test("after the last segment number lines are refused, not lost")
    func noNumberLeft() async throws {
        let log = try TestLog()
        let name = "20261123T060000.000Z-\(SegmentName.numbers.upperBound).jsonl"
        try Self.write(
            Self.segment(SegmentName.numbers.upperBound, [[senderLine(1)]]), name, log)
        let eventLog = try await log.open()
        await #expect(throws: EventLogError.shedding(.diskFault)) {
            try await eventLog.ingest(body([senderLine(2)]))
        }
        await eventLog.close()
        #expect(try await Self.askEverything(log) == [senderLine(1)])
    }

    @Test("a position at the last segment number is not gone to", arguments: [0, 1])
    func lastPosition(offset: UInt64) async throws {
        let log = try TestLog()
        let eventLog = try await log.open()
        let last = LogPosition(segment: SegmentName.numbers.upperBound, offset: offset)
        await eventLog.goOn(inSegment: last.segment)
        await eventLog.expect(last, of: "digest")
        #expect(try await eventLog.ingest(body([senderLine(1)])).accepted == 1)
        #expect(eventLog.head.segment == 1)
        await eventLog.close()
    }

    #if os(Linux)
        /// tmpfs keeps any file time and any file size.
        private static let tmpfs = "/dev/shm"

        @Test(
            "a file with the greatest time or size ends nothing",
            .enabled(if: access(tmpfs, W_OK) == 0))
        func greatestFile() throws {
            let path = Self.tmpfs + "/bellwether-\(UInt64.random(in: .min ... .max))"
            defer { unlink(path) }
            let files = PosixFileSystem()
            let file = try files.openToWrite(path, fresh: true)
            defer { files.close(file) }
            var times = [timespec(tv_sec: .max, tv_nsec: 0), timespec(tv_sec: .max, tv_nsec: 0)]
            #expect(futimens(file.descriptor, &times) == 0)
            #expect(try files.facts(path).modified == .max)
            #expect(ftruncate(file.descriptor, .max) == 0)
            #expect(try files.contents(path)?.count == 1 << 29)
            #expect(DiskUsage.sealingSpace(try files.facts(path).bytes) > 1 << 62)
        }
    #endif

    @Test("commit lines with impossible values", arguments: [Int.max, 1 << 53])
    func commitLines(count: Int) async throws {
        let log = try TestLog()
        let now = Timestamp(milliseconds: 1_795_413_600_000)
        var bytes = Self.segment(1, [[senderLine(1)]])
        for seq in 2...4 {
            let group = body([senderLine(seq)])
            bytes += group
            bytes += CommitLine(
                segment: 1, end: UInt64(count), bytes: group.count, count: count, at: now
            ).encoded(groupChecksum: Checksum.crc32(group))
        }
        try Self.write(bytes, "active.jsonl", log)
        _ = try await Self.askEverything(log)
        let eventLog = try await log.open()
        await eventLog.close()
    }

    /// A whole word, or half of one, of an index's head (see `IndexLayout`).
    struct Forgery: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// An offset from the start of the head; from its end if negative.
        let at: Int
        let value: UInt64
        var bytes = 8
    }

    private static let forgeries = [
        Forgery(testDescription: "lines", at: 16, value: .max),
        Forgery(testDescription: "lines within Int", at: 16, value: UInt64(Int.max)),
        Forgery(testDescription: "most lines", at: 16, value: 1 << 53),
        Forgery(testDescription: "end", at: 24, value: .max),
        Forgery(testDescription: "most bytes", at: 24, value: 1 << 53),
        Forgery(testDescription: "earliest", at: 32, value: 1 << 63),
        Forgery(testDescription: "latest", at: 40, value: UInt64(Int64.max)),
        Forgery(testDescription: "closed at", at: 0, value: 1 << 63),
        Forgery(testDescription: "members", at: 48, value: UInt64(UInt32.max), bytes: 4),
        Forgery(testDescription: "members' table", at: 52, value: UInt64(UInt32.max), bytes: 4),
        Forgery(
            testDescription: "rows of the filter", at: -12, value: UInt64(UInt32.max), bytes: 4),
    ]

    @Test("an archive whose index has such numbers, with valid checksums", arguments: forgeries)
    func forgedIndex(forgery: Forgery) async throws {
        let log = try TestLog()
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        for start in stride(from: 1, to: 241, by: 40) {
            _ = try await eventLog.ingest(
                body((start..<start + 40).map { senderLine($0, padding: 900) }))
        }
        await eventLog.settle()
        await eventLog.close()
        let names = try log.names().filter { $0.hasSuffix(".idx") }
        try #require(names.count >= 2)
        for name in names {
            let url = URL(fileURLWithPath: log.directory + "/log/" + name)
            var index = [UInt8](try Data(contentsOf: url))
            let length = (0..<4).reduce(0) { $0 | Int(index[8 + $1]) << (8 * $1) }
            let head = IndexLayout.preamble..<(length - 4)
            let place = forgery.at < 0 ? head.upperBound + forgery.at : head.lowerBound + forgery.at
            for i in 0..<forgery.bytes {
                index[place + i] = UInt8(truncatingIfNeeded: forgery.value >> (8 * UInt64(i)))
            }
            let sum = Checksum.crc32(Array(index[head]))
            for i in 0..<4 {
                index[head.upperBound + i] = UInt8(truncatingIfNeeded: sum >> (8 * UInt32(i)))
            }
            try Data(index).write(to: url)
        }
        #expect(try await Self.askEverything(log).count == 240)
        let again = try await log.open { $0.segmentBytes = 64 * 1024 }
        _ = again.bytes(after: .start)
        #expect(try await again.ingest(body([senderLine(241)])).accepted == 1)
        await again.close()
    }

    @Test("removed segments that held more lines than Int can hold")
    func removedSegments() {
        var removed = RemovedSegments()
        for number in 1...3 as ClosedRange<UInt64> {
            removed.add(RemovedSegments.Entry(number: number, lines: .max, end: .max))
        }
        #expect(removed.lines(after: LogPosition(segment: 1, offset: 0), before: 9) == .max)
        #expect(removed.lines(after: LogPosition(segment: 1, offset: 1), before: .max) == .max)
    }
}
