import Events
import Foundation
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import EventLog

@Suite("A line that crashes queries is quarantined")
struct QueryGuardTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    private let lines = (0..<100).map { number in
        EventLogLine(
            bytes: Array(#"{"ts":"2026-11-23T06:00:00Z","event":"e\#(number)"}"#.utf8),
            end: LogPosition(segment: 3, offset: UInt64(number + 1) * 60))
    }

    private var note: String { log.directory + "/quarantine/query.note" }

    private func quarantine() -> Quarantine {
        Quarantine(below: log.directory, node: "n", clock: .system, telemetry: .silent)
    }

    /// Simulates one process in which `query` examines the lines of `range`, unless it crashes at
    /// a line for which `ends` returns true. Returns the examined lines; nil after a crash.
    private func life(
        _ query: String = "a", _ range: Range<Int> = 0..<100,
        endsAt ends: (Int) -> Bool = { _ in false }
    ) throws -> [Int]? {
        var left: Data?
        var examined: [Int] = []
        let from = LogPosition(segment: 3, offset: UInt64(range.lowerBound) * 60)
        let upTo = LogPosition(segment: 3, offset: UInt64(range.upperBound) * 60)
        quarantine().queryGuard(of: .query).examine(from...upTo, for: query) { step in
            for number in range {
                let line = lines[number]
                guard line.bytes.withUnsafeBytes({ step.admits($0, endingAt: line.end) }) else {
                    continue
                }
                if ends(number) {
                    left = FileManager.default.contents(atPath: note)
                    return false
                }
                examined.append(number)
            }
            return true
        }
        guard let left else { return examined }
        // Restore the note that a crashed process would have left.
        try left.write(to: URL(fileURLWithPath: note))
        return nil
    }

    /// Whether a new process examines the lines of `range` alone.
    private func isSuspected(_ range: Range<Int>) -> Bool {
        var isAlone = false
        let from = LogPosition(segment: 3, offset: UInt64(range.lowerBound) * 60 + 1)
        let upTo = LogPosition(segment: 3, offset: UInt64(range.upperBound) * 60 - 1)
        quarantine().queryGuard(of: .query).examine(from...upTo, for: "other") { step in
            isAlone = step.isAlone
            return false
        }
        return isAlone
    }

    @Test("the second crash identifies the line, the fifth start skips it and examines all others")
    func poison() throws {
        for _ in 0..<4 { #expect(try life { $0 == 30 } == nil) }
        for _ in 0..<2 {
            #expect(try life { $0 == 30 } == (0..<100).filter { $0 != 30 })
            #expect(try life("b", 20..<40) { $0 == 30 } == (20..<40).filter { $0 != 30 })
        }
        let kept = try #require(
            FileManager.default.contents(atPath: log.directory + "/quarantine/lines.jsonl"))
        #expect(kept.split(separator: UInt8(ascii: "\n")).count == 1)
    }

    @Test("also if each crash is by another query, over other lines around it")
    func manyQueries() throws {
        for number in 0..<4 {
            #expect(try life("q\(number)", number * 5..<60 + number) { $0 == 30 } == nil)
        }
        #expect(try life("q5") { $0 == 30 } == (0..<100).filter { $0 != 30 })
    }

    @Test("also if another query examines the line without harm between the crashes")
    func harmlessOthers() throws {
        for death in 1...4 {
            #expect(try life { $0 == 30 } == nil)
            // After the last crash any query skips it.
            #expect(try life("b")?.count == (death < 4 ? 100 : 99))
            #expect(try life("a", 40..<100)?.count == 60)
        }
        #expect(try life { $0 == 30 } == (0..<100).filter { $0 != 30 })
    }

    @Test("kills at lines that the query examines later without harm quarantine none")
    func unlucky() throws {
        var random = SeededRandom(seed: 3)
        for round in 0..<90 {
            let hit = Int.random(in: 0..<100, using: &random)
            if round.isMultiple(of: 3) {
                #expect(try life()?.count == 100)
            } else {
                #expect(try life { $0 == hit } == nil)
            }
        }
        #expect(try life()?.count == 100)
    }

    @Test("a suspicion covers its stretch only, and ends when its query has examined all of it")
    func suspicion() throws {
        #expect(try life()?.count == 100)
        #expect(!isSuspected(0..<100))
        #expect(try life("a", 20..<40) { $0 == 35 } == nil)
        #expect(isSuspected(0..<100) && isSuspected(39..<40))
        #expect(!isSuspected(0..<20) && !isSuspected(40..<100))
        #expect(try life("b")?.count == 100)
        #expect(try life("a", 30..<100)?.count == 70)
        #expect(isSuspected(20..<40))
        #expect(try life("a")?.count == 100)
        #expect(!isSuspected(0..<100))
    }

    @Test("queries skip exactly the quarantined lines, in archives and the open segment")
    func skipped() async throws {
        let began = log.clock.wall.now
        var eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        for i in 0..<900 {
            var event = log.event()
            event.attempt = i
            event.message = String(repeating: "m", count: 300)
            try await eventLog.append(event)
            log.clock.advance(by: .seconds(1))
        }
        await eventLog.settle()
        #expect(try log.archives().count > 3)
        var reader = eventLog.reader(from: .start)
        let all = try await reader.all()
        try #require(all.count == 900)
        await eventLog.close()
        let quarantine = quarantine()
        for line in [all[10], all[899]] {
            line.bytes.withUnsafeBytes {
                quarantine.setAside(
                    QuarantinedLine(
                        reader: .query, end: line.end, checksum: Checksum.crc32($0), crashes: 4,
                        names: nil), $0)
            }
        }
        eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        let query = EventLogQuery(where: try Filter("event~healthy", .events.orAny))
        let expected = (0..<900).filter { $0 != 10 && $0 != 899 }
        func attempts(_ lines: [EventLogLine]) -> [Int] {
            lines.compactMap { try? Event(line: $0.bytes) }
                .filter { $0.event == "analysis.healthy" }.compactMap(\.attempt)
        }
        reader = eventLog.reader(from: .start, query: query)
        #expect(attempts(try await reader.all()) == expected)
        reader = eventLog.reader(from: .start, query: query, isNarrow: true)
        #expect(attempts(try await reader.all(maxLines: 7)) == expected)
        #expect(attempts(try await eventLog.last(1000, query: query).lines) == expected)
        #expect(attempts(try await eventLog.last(3, query: query).lines) == [896, 897, 898])
        let newest = EventLogQuery(since: began + .seconds(897), where: query.condition)
        let files = eventLog.reaching(newest, from: .start)
        #expect(try await files.count(by: "attempt", query: newest).total == 2)
        // Without a condition no line is examined: all are there.
        reader = eventLog.reader(from: .start)
        #expect(attempts(try await reader.all()) == Array(0..<900))
        #expect(attempts(try await log.files.last(1000, query: query).lines) == Array(0..<900))
        await eventLog.close()
    }

    @Test("a quarantined line is not examined for a new index, statistics or a verification")
    func newIndex() async throws {
        var eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        for i in 0..<900 {
            try await eventLog.append(
                log.event(message: "line \(i) " + String(repeating: "m", count: 300)))
        }
        await eventLog.settle()
        var reader = eventLog.reader(from: .start)
        let all = try await reader.all()
        await eventLog.close()
        let (archived, open) = (all[10], all[899])
        let quarantine = quarantine()
        for line in [archived, open] {
            line.bytes.withUnsafeBytes {
                quarantine.setAside(
                    QuarantinedLine(
                        reader: .query, end: line.end, checksum: Checksum.crc32($0), crashes: 4,
                        names: nil), $0)
            }
        }
        let seen = Mutex<[LineReader: Set<[UInt8]>]>([:])
        for task in ["start", "statistics", "verification"] {
            for name in try log.names() where name.hasSuffix(".idx") || name.hasPrefix("marks") {
                try FileManager.default.removeItem(atPath: log.directory + "/log/" + name)
            }
            eventLog = try await EventLog.open(
                log.configuration(), clock: log.clock.wall, telemetry: .silent,
                files: PosixFileSystem(),
                examine: { reader, line in
                    seen.withLock { _ = $0[reader, default: []].insert(Array(line)) }
                })
            if task == "statistics" { #expect(try await eventLog.stats().lines >= 900) }
            if task == "verification" { #expect(try await eventLog.verify().lines >= 900) }
            await eventLog.close()
        }
        let examined = seen.withLock { $0[.query] ?? [] }
        #expect(examined.contains(all[11].bytes) && examined.contains(all[898].bytes))
        #expect(!examined.contains(archived.bytes) && !examined.contains(open.bytes))
    }

    @Test("a line that is shown alone is skipped after three crashes")
    func shown() async throws {
        let eventLog = try await log.open()
        try await eventLog.append(log.event())
        let line = try #require(try await eventLog.last(1).lines.first)
        let note = log.directory + "/quarantine/verdict.note"
        var left = await eventLog.examine(line, by: .verdict) { _ in
            FileManager.default.contents(atPath: note)
        }.flatMap(\.self)
        await eventLog.close()
        for death in 1...3 {
            try #require(left).write(to: URL(fileURLWithPath: note))
            let eventLog = try await log.open()
            let shown = await eventLog.examine(line, by: .verdict) { _ in
                FileManager.default.contents(atPath: note)
            }
            #expect((shown == nil) == (death == 3))
            left = shown.flatMap(\.self)
            await eventLog.close()
        }
    }
}
