import Events
import Foundation
import TestSupport
import Testing

@testable import EventLog

/// A start reads an amount bounded by the open data, not by the size of the log.
@Suite("Reads of a start")
struct StartTests {
    let log: TestLog
    let disk = FaultyFileSystem()

    init() throws { log = try TestLog() }

    private func lines(_ numbers: ClosedRange<Int>) -> [String] {
        numbers.map { senderLine($0, padding: 900) }
    }

    private func fill(_ eventLog: EventLog, _ numbers: ClosedRange<Int>) async throws {
        for first in stride(from: numbers.lowerBound, through: numbers.upperBound, by: 50) {
            let last = min(first + 49, numbers.upperBound)
            _ = try await eventLog.ingest(body(lines(first...last)))
        }
    }

    /// The bytes read by a start, by file name suffix. Also checks that the log is whole
    /// afterwards.
    private func start(
        holding numbers: ClosedRange<Int>
    ) async throws -> (archives: Int, indexes: Int, plain: Int, marks: Int) {
        let before = disk.bytesRead
        let eventLog = try await log.open(files: disk) { $0.segmentBytes = 64 * 1024 }
        let read = disk.bytesRead.mapValues { $0 }.filter { $0.value != before[$0.key] }
        func bytes(_ matching: (String) -> Bool) -> Int {
            read.filter { matching($0.key) }.reduce(0) {
                $0 + $1.value - before[$1.key, default: 0]
            }
        }
        let found = (
            archives: bytes { $0.hasSuffix(".gz") }, indexes: bytes { $0.hasSuffix(".idx") },
            plain: bytes { $0.hasSuffix(".jsonl") },
            marks: bytes { $0.hasSuffix("/marks") || $0.hasSuffix("/marks.old") }
        )
        var reader = eventLog.reader(from: .start)
        #expect(try await reader.texts() == lines(numbers))
        #expect(try await eventLog.ingest(body(lines(numbers))).duplicates == numbers.count)
        await eventLog.close()
        return found
    }

    @Test("of archives only their indexes, the dedup index once, and the open segment")
    func archives() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        try await fill(eventLog, 1...2000)
        await eventLog.maintain()
        await eventLog.settle()
        await eventLog.close()
        let archives = try log.archives().count
        #expect(archives > 10)
        let open = try PosixFileSystem().facts(log.active).bytes
        let read = try await start(holding: 1...2000)
        #expect(read.archives == 0)
        // A head of at most 4 KiB and the table of members.
        #expect(read.indexes <= archives * 5000)
        // The header, and the whole file once.
        #expect(read.plain <= open + 1024)
        #expect(read.marks < 1000)
    }

    @Test("closed unsealed segments are not read again once the dedup index covers them")
    func backlog() async throws {
        // Sealing fails, as on a full disk: all segments stay plain.
        disk.fail { call, path in call == .write && path.hasSuffix(".gz.tmp") ? 28 : nil }
        let eventLog = try await log.open(files: disk) { $0.segmentBytes = 64 * 1024 }
        try await fill(eventLog, 1...2000)
        await eventLog.maintain()
        await eventLog.settle()
        await eventLog.maintain()
        await eventLog.settle()
        await eventLog.close()
        #expect(try log.archives().isEmpty)
        let closed = try log.names().filter { $0.hasSuffix(".jsonl") }.count
        #expect(closed > 20)
        let read = try await start(holding: 1...2000)
        // Headers, the open segment, and lines after the dedup index was written.
        #expect(read.plain < 4 * 64 * 1024, "\(read.plain) of \(closed) segments")
    }

    @Test("without the newest dedup index only lines since the older one are read")
    func olderMarks() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        for part in 0..<20 {
            try await fill(eventLog, (part * 100 + 1)...(part * 100 + 100))
            await eventLog.maintain()
            await eventLog.settle()
        }
        await eventLog.close()
        let sizes = try log.archives().map {
            try PosixFileSystem().facts(log.directory + "/log/" + $0).bytes
        }
        try FileManager.default.removeItem(atPath: log.directory + "/log/marks")
        let read = try await start(holding: 1...2000)
        #expect(read.archives > 0)
        #expect(read.archives <= sizes.suffix(3).reduce(0, +))
    }

    @Test("every file of the log is readable by its owner only, whatever the umask")
    func modes() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        try await fill(eventLog, 1...200)
        await eventLog.maintain()
        await eventLog.settle()
        let paths = try log.names().map { "log/" + $0 } + ["lock", "log.key"]
        #expect(paths.count > 5)
        for path in paths {
            let facts = try FileManager.default.attributesOfItem(
                atPath: log.directory + "/" + path)
            let mode = try #require(facts[.posixPermissions] as? NSNumber).intValue
            #expect(mode == 0o600, "\(path)")
        }
        await eventLog.close()
    }

    @Test("without indexes the headers of the members are read, and nothing is inflated")
    func noIndexes() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        try await fill(eventLog, 1...2000)
        await eventLog.maintain()
        await eventLog.settle()
        await eventLog.close()
        for name in try log.names() where name.hasSuffix(".idx") {
            try FileManager.default.removeItem(atPath: log.directory + "/log/" + name)
        }
        let read = try await start(holding: 1...2000)
        // One member each, and only its header.
        #expect(read.archives <= (try log.archives().count) * 100)
    }
}
