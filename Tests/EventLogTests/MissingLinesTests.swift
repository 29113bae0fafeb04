import Events
import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

@testable import EventLog

/// Acknowledged lines that are missing when the log is opened or verified.
@Suite("Missing lines")
struct MissingLinesTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    private func damage(_ eventLog: EventLog) async throws -> [Event] {
        var reader = eventLog.reader(from: .start)
        return try await reader.all().map { try Event(line: $0.bytes) }
            .filter { $0.event == EventName.logDamaged }
    }

    private func untilReported(_ eventLog: EventLog) async throws -> Event {
        try await eventually("the loss is reported", within: .seconds(20)) {
            try await !damage(eventLog).isEmpty
        }
        let events = try await damage(eventLog)
        #expect(events.count == 1)
        return try #require(events.first)
    }

    /// Writes sealed segments, then five lines in the open one. Returns the end of the log.
    private func filled() async throws -> LogPosition {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        for part in 0..<4 {
            _ = try await eventLog.ingest(
                body((1...60).map { senderLine(part * 60 + $0, padding: 1500) }))
        }
        _ = try await eventLog.ingest(body((241...245).map { senderLine($0) }))
        await eventLog.settle()
        let head = eventLog.head
        await eventLog.close()
        return head
    }

    private func cut(_ path: String, to bytes: Int) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.truncate(atOffset: UInt64(bytes))
        try file.close()
    }

    enum Harm: String, CaseIterable { case emptied, removed, headerOnly, lastGroupCut }

    @Test(
        "lines lost from the open segment while no writer ran: verify and the start report them",
        arguments: Harm.allCases)
    func openSegment(harm: Harm) async throws {
        let head = try await filled()
        try #require(try await log.files.verify().isSound)
        let size = try PosixFileSystem().facts(log.active).bytes
        let text = try String(contentsOfFile: log.active, encoding: .utf8)
        let header = try #require(text.split(separator: "\n").first).utf8.count + 1
        switch harm {
        case .emptied: try cut(log.active, to: 0)
        case .removed: try FileManager.default.removeItem(atPath: log.active)
        case .headerOnly: try cut(log.active, to: header)
        case .lastGroupCut: try cut(log.active, to: size - 40)
        }
        let found = try await log.files.verify()
        let missing = found.damage.filter { $0.what.contains("missing") }
        #expect(missing.count == 1, "\(found.damage)")
        #expect(missing.first?.what.contains("to \(head)") == true, "\(found.damage)")

        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        let reported = try await untilReported(eventLog)
        #expect(reported.extra("lines")?.integer == 5)
        #expect(reported.extra("to")?.string == head.description)
        // The positions of the lost lines are not reused.
        var reader = eventLog.reader(from: head)
        let seen = try await reader.all()
        #expect(try seen.map { try Event(line: $0.bytes).event } == [EventName.logDamaged])
        _ = try await eventLog.ingest(body([senderLine(300)]))
        #expect(try await reader.all().count == 1)
        await eventLog.settle()
        await eventLog.close()
        let again = try await log.open()
        #expect(try await damage(again).count == 1)
        await again.close()
        #expect(try await log.files.verify().damage.isEmpty)
    }

    @Test("an archive that was removed while no writer ran is reported with its lines, once")
    func archive() async throws {
        _ = try await filled()
        let name = try log.archives()[1]
        let lines = try #require(
            try await log.files.stats().segments.first { $0.file == name }?.lines)
        try FileManager.default.removeItem(atPath: log.directory + "/log/" + name)
        #expect(try await !log.files.verify().isSound)
        let eventLog = try await log.open()
        let reported = try await untilReported(eventLog)
        #expect(reported.extra("lines")?.integer == Int64(lines))
        await eventLog.close()
        let again = try await log.open()
        #expect(try await damage(again).count == 1)
        await again.close()
        #expect(try await log.files.verify().isSound)
    }

    @Test("a folder that was removed while the log was closed: readers' positions are not reused")
    func folder() async throws {
        let head = try await filled()
        try FileManager.default.removeItem(atPath: log.directory + "/log")
        let eventLog = try await log.open()
        await eventLog.expect(head, of: "digest")
        await eventLog.expect(.start, of: "forward")
        let reported = try await untilReported(eventLog)
        #expect(reported.extra("to")?.string == head.description)
        #expect(reported.message?.contains("digest") == true)
        var reader = eventLog.reader(from: head)
        _ = try await eventLog.ingest(body([senderLine(300)]))
        #expect(try await reader.texts().contains(senderLine(300)))
        await eventLog.close()
        let again = try await log.open()
        #expect(try await damage(again).count == 1)
        await again.close()
        #expect(try await log.files.verify().isSound)
    }

    @Test(
        "a truncated closed plain segment is counted: for readers at once, in the log once sealed"
    )
    func closedPlain() async throws {
        let disk = FaultyFileSystem()
        let eventLog = try await log.open(files: disk) { $0.segmentBytes = 64 * 1024 }
        // The segment stays plain.
        disk.fail { call, path in call == .open && path.hasSuffix(".gz.tmp") ? 5 : nil }
        for part in 0..<6 {
            _ = try await eventLog.ingest(
                body((1...20).map { senderLine(part * 20 + $0, padding: 1500) }))
        }
        await eventLog.settle()
        let name = try #require(
            try log.names().first { $0.hasSuffix(".jsonl") && $0 != "active.jsonl" })
        let path = log.directory + "/log/" + name
        try cut(path, to: try PosixFileSystem().facts(path).bytes / 2)
        var reader = eventLog.reader(from: .start)
        let batch = try await reader.next(maxLines: 1000, maxBytes: 64 << 20)
        #expect(batch.skipped > 0)
        #expect(abs(batch.lines.count + batch.skipped - 120) <= 25)
        disk.fail(nil)
        await eventLog.maintain()
        await eventLog.settle()
        let reported = try await untilReported(eventLog)
        var whole = eventLog.reader(from: .start)
        let left = try await whole.all().filter { try Event(line: $0.bytes).node == "gw-b" }
        #expect(reported.extra("lines")?.integer == Int64(120 - left.count))
        await eventLog.close()
    }

    @Test("the kernel identifies the lock holder: a pid in the file proves nothing")
    func lock() async throws {
        let path = log.directory + "/lock"
        try "\(ProcessInfo.processInfo.processIdentifier)\n".write(
            toFile: path, atomically: false, encoding: .utf8)
        #expect(!EventLogLock.isHeld(log.directory))
        let eventLog = try await log.open()
        #expect(EventLogLock.isHeld(log.directory))
        await eventLog.close()
        #expect(!EventLogLock.isHeld(log.directory))
    }

    @Test("a caller that is slow to take a response does not delay the writer's next group")
    func slowAnswer() async throws {
        let eventLog = try await log.open()
        let gate = DispatchSemaphore(value: 0)
        eventLog.ingest(IngestBody(body([senderLine(1)]))) { _ in gate.wait() }
        eventLog.ingest(IngestBody(body([senderLine(2)]))) { _ in }
        try await eventually("both are kept", within: .seconds(20)) {
            eventLog.status.appended == 2
        }
        gate.signal()
        await eventLog.close()
    }
}
