import Events
import Foundation
import TestSupport
import Testing

@testable import EventLog

@Suite("Recovery")
struct RecoveryTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    /// The log's own record of how far it is acknowledged.
    private var head: URL { URL(fileURLWithPath: log.directory + "/log/head") }

    /// Writes two groups. Returns the file's bytes, the start of the second group, and the record
    /// `head` before each group. A crash tears a group before its acknowledgement, so `head` ends
    /// before it.
    private func twoGroups() async throws -> (bytes: Data, second: Int, heads: [Data]) {
        let eventLog = try await log.open()
        var heads = [try Data(contentsOf: head)]
        _ = try await eventLog.ingest(body((1...3).map { senderLine($0) }))
        let second = try PosixFileSystem().facts(log.active).bytes
        heads.append(try Data(contentsOf: head))
        _ = try await eventLog.ingest(body((4...6).map { senderLine($0) }))
        await eventLog.close()
        return (try Data(contentsOf: URL(fileURLWithPath: log.active)), second, heads)
    }

    private func readAll(_ eventLog: EventLog) async throws -> [String] {
        var reader = eventLog.reader(from: .start)
        return try await reader.texts()
    }

    @Test("a tail torn at any byte of the last group costs only that group")
    func tornTail() async throws {
        let (bytes, second, heads) = try await twoGroups()
        let first = (1...3).map { senderLine($0) }
        let all = (1...6).map { senderLine($0) }
        for length in second...bytes.count {
            try bytes.prefix(length).write(to: URL(fileURLWithPath: log.active))
            try heads[1].write(to: head)
            let whole = length == bytes.count
            var foreign = log.files.reader()
            #expect(try await foreign.texts() == (whole ? all : first), "torn at \(length)")
            let eventLog = try await log.open()
            #expect(try await readAll(eventLog) == (whole ? all : first), "torn at \(length)")
            let receipt = try await eventLog.ingest(body([senderLine(4)]))
            #expect(receipt.accepted == (whole ? 0 : 1))
            await eventLog.close()
        }
    }

    @Test("a flipped bit in the last group costs that group and never shows a torn line")
    func flippedBits() async throws {
        let (bytes, second, heads) = try await twoGroups()
        let first = (1...3).map { senderLine($0) }
        for place in stride(from: second, to: bytes.count - 1, by: 3) {
            var damaged = bytes
            damaged[place] ^= 1 << UInt8(place % 7)
            try damaged.write(to: URL(fileURLWithPath: log.active))
            try heads[1].write(to: head)
            let eventLog = try await log.open()
            #expect(try await readAll(eventLog) == first, "flipped at \(place)")
            await eventLog.close()
        }
    }

    @Test("a file torn inside its header is started again")
    func tornHeader() async throws {
        let (bytes, _, heads) = try await twoGroups()
        for length in [0, 1, 40, 80] {
            try bytes.prefix(length).write(to: URL(fileURLWithPath: log.active))
            try heads[0].write(to: head)
            let eventLog = try await log.open()
            #expect(try await readAll(eventLog) == [])
            #expect(try await eventLog.ingest(body([senderLine(1)])).accepted == 1)
            await eventLog.close()
        }
    }

    @Test("leftovers of rotation and sealing are completed or removed")
    func leftovers() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        for part in 0..<4 {
            _ = try await eventLog.ingest(
                body((1...60).map { senderLine(part * 60 + $0, padding: 1500) }))
        }
        await eventLog.settle()
        let all = try await readAll(eventLog)
        await eventLog.close()
        let archive = try #require(try log.archives().first)
        let folder = log.directory + "/log/"
        // A sealed plain file, incomplete files, and an index without an archive.
        try Data("leftover".utf8).write(
            to: URL(fileURLWithPath: folder + archive.dropLast(3)))
        for name in ["active.jsonl.next", archive + ".tmp", "20200101T000000.000Z-000999.idx"] {
            try Data("x".utf8).write(to: URL(fileURLWithPath: folder + name))
        }
        let again = try await log.open()
        #expect(try await readAll(again) == all)
        let names = try log.names()
        #expect(!names.contains { $0.hasSuffix(".tmp") || $0.hasSuffix(".next") })
        #expect(!names.contains(String(archive.dropLast(3))))
        #expect(!names.contains { $0.contains("000999") })
        await again.close()
    }

    @Test("a crash between the two renames of a rotation loses nothing")
    func betweenRenames() async throws {
        _ = try await twoGroups()
        let folder = log.directory + "/log/"
        try FileManager.default.moveItem(
            atPath: log.active, toPath: folder + "20261123T060000.000Z-000001.jsonl")
        let eventLog = try await log.open()
        #expect(eventLog.head == LogPosition(segment: 2, offset: 0))
        #expect(try await readAll(eventLog) == (1...6).map { senderLine($0) })
        await eventLog.settle()
        #expect(try log.archives() == ["20261123T060000.000Z-000001.jsonl.gz"])
        #expect(try await readAll(eventLog) == (1...6).map { senderLine($0) })
        await eventLog.close()
    }

    @Test("a lost index is rebuilt from the archive")
    func lostIndex() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        for part in 0..<4 {
            _ = try await eventLog.ingest(
                body((1...60).map { senderLine(part * 60 + $0, padding: 1500) }))
        }
        await eventLog.settle()
        let all = try await readAll(eventLog)
        for name in try log.names() where name.hasSuffix(".idx") {
            try FileManager.default.removeItem(atPath: log.directory + "/log/" + name)
        }
        #expect(try await readAll(eventLog) == all)
        await eventLog.close()
        let again = try await log.open()
        #expect(try await readAll(again) == all)
        await again.close()
    }
}
