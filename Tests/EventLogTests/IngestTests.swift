import Events
import Foundation
import TestSupport
import Testing

@testable import EventLog

@Suite("Ingest")
struct IngestTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    @Test("valid lines are stored byte for byte, invalid ones reported by number and reason")
    func mixed() async throws {
        let eventLog = try await log.open()
        let good = #"  {"event" : "x","ts":"2026-11-23T06:00:00+01:00","own":{"a":[1.0,1e3]}}"#
        let text = [
            good, "", #"{"event":"x"}"#, "no json", #"{"ts":"2026-11-23T06:00:00Z"}"#,
            #"{"event":"log.commit","ts":"2026-11-23T06:00:00Z"}"#,
            #"{"event":"x","ts":"2026-11-23T06:00:00Z","seq":0}"#, senderLine(1),
        ].joined(separator: "\n")
        let receipt = try await eventLog.ingest(Array(text.utf8))
        #expect(receipt.accepted == 2)
        #expect(receipt.rejected.map(\.line) == [3, 4, 5, 6, 7])
        #expect(receipt.rejected[0].error == .missing(field: "ts"))
        #expect(receipt.rejected[2].error == .missing(field: "event"))
        var reader = eventLog.reader(from: .start)
        #expect(try await reader.texts() == [good, senderLine(1)])
        #expect(eventLog.status.rejected == 5)
        await eventLog.close()
    }

    @Test("the list of rejected lines is truncated, their count is exact")
    func manyRejected() async throws {
        let eventLog = try await log.open()
        let bad = Array(repeating: "x", count: 250_000).joined(separator: "\n")
        let receipt = try await eventLog.ingest(Array("\(bad)\n\(senderLine(1))".utf8))
        #expect(receipt.accepted == 1)
        #expect(receipt.rejected.map(\.line) == Array(1...IngestReceipt.listed))
        #expect(receipt.rejectedTotal == 250_000)
        #expect(eventLog.status.rejected == 250_000)
        await eventLog.close()
    }

    @Test("a body without a valid line writes nothing")
    func nothingGood() async throws {
        let eventLog = try await log.open()
        let head = eventLog.head
        let receipt = try await eventLog.ingest(Array("[]\n{}\n".utf8))
        #expect(receipt.accepted == 0 && receipt.rejected.count == 2)
        #expect(eventLog.head == head)
        await eventLog.close()
    }

    @Test("resent lines are duplicates: in one body, in the next, after a restart")
    func duplicates() async throws {
        let eventLog = try await log.open()
        let lines = (1...20).map { senderLine($0) }
        #expect(try await eventLog.ingest(body(lines + lines)).duplicates == 20)
        let second = try await eventLog.ingest(body(lines + [senderLine(21)]))
        #expect((second.accepted, second.duplicates) == (1, 20))
        await eventLog.close()

        let again = try await log.open()
        let third = try await again.ingest(body(lines + [senderLine(23), senderLine(22)]))
        #expect((third.accepted, third.duplicates) == (2, 20))
        // Another epoch of the sender has its own numbers.
        let reborn = try await again.ingest(body([senderLine(1, epoch: "e2")]))
        #expect(reborn.accepted == 1)
        var reader = again.reader(from: .start)
        #expect(try await reader.all().count == 24)
        await again.close()
    }

    @Test("sealing keeps deduplication, with and without its file", arguments: [true, false])
    func marksAfterSealing(keepsMarks: Bool) async throws {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        let lines = (1...400).map { senderLine($0, padding: 400) }
        let id = #"{"event":"x","ts":"2026-11-23T06:00:00Z","id":"only-an-id"}"#
        for part in stride(from: 0, to: 400, by: 50) {
            _ = try await eventLog.ingest(body(Array(lines[part..<part + 50]) + [id]))
        }
        await eventLog.settle()
        #expect(try log.archives().count >= 2)
        await eventLog.close()
        let marks = log.directory + "/log/marks"
        if !keepsMarks { try PosixFileSystem().remove(marks) }

        let again = try await log.open { $0.segmentBytes = 64 * 1024 }
        let receipt = try await again.ingest(body(lines + [id]))
        #expect((receipt.accepted, receipt.duplicates) == (0, 401))
        await again.close()
    }

    @Test("an id is a duplicate within the window and a new event after it")
    func window() async throws {
        let eventLog = try await log.open { $0.dedupWindow = .seconds(3600) }
        let line = Array(#"{"event":"x","ts":"2026-11-23T06:00:00Z","id":"a"}"#.utf8)
        #expect(try await eventLog.ingest(line).accepted == 1)
        log.clock.advance(by: .seconds(3599))
        #expect(try await eventLog.ingest(line).duplicates == 1)
        log.clock.advance(by: .seconds(1))
        #expect(try await eventLog.ingest(line).accepted == 1)
        log.clock.advance(by: .seconds(10))
        #expect(try await eventLog.ingest(line).duplicates == 1)
        await eventLog.close()
    }

    @Test(
        "an id identifies an event together with its node and bytes, also after a restart"
    )
    func sameID() async throws {
        let eventLog = try await log.open()
        let line =
            #"{"event":"x","ts":"2026-11-23T06:00:00Z","node":"a","id":"1","message":"fine"}"#
        let others = [
            line.replacing("\"a\"", with: "\"b\""), line.replacing("fine", with: "fails"),
            line.replacing(#""node":"a","#, with: ""), line.replacing("\"x\"", with: "\"y\""),
        ]
        let first = try await eventLog.ingest(body([line] + others))
        #expect((first.accepted, first.duplicates) == (5, 0))
        await eventLog.close()
        let again = try await log.open()
        let second = try await again.ingest(body([line] + others))
        #expect((second.accepted, second.duplicates) == (0, 5))
        await again.close()
    }

    @Test(
        "a previous version's index provides sequences, and the archives of the window the ids")
    func earlierMarks() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        let lines = (1...400).map { senderLine($0, padding: 400) }
        let id = #"{"event":"x","ts":"2026-11-23T06:00:00Z","id":"only-an-id"}"#
        _ = try await eventLog.ingest(body([id] + Array(lines[..<200])))
        _ = try await eventLog.ingest(body(Array(lines[200...])))
        await eventLog.settle()
        #expect(try log.archives().count >= 2)
        await eventLog.close()
        for name in ["marks", "marks.old"] {
            let path = log.directory + "/log/" + name
            guard let bytes = try PosixFileSystem().contents(path) else { continue }
            try PosixFileSystem().replace(
                path, in: log.directory + "/log", with: DedupIndexTests.asEarlierVersion(bytes))
        }
        let again = try await log.open { $0.segmentBytes = 64 * 1024 }
        let receipt = try await again.ingest(body(lines + [id]))
        #expect((receipt.accepted, receipt.duplicates) == (0, 401))
        await again.close()
    }

    @Test("lines without sequence and id are never duplicates")
    func anonymous() async throws {
        let eventLog = try await log.open()
        let line = #"{"event":"x","ts":"2026-11-23T06:00:00Z","node":"n","seq":4}"#
        #expect(try await eventLog.ingest(body([line, line])).accepted == 2)
        await eventLog.close()
    }

    @Test("the same body from many concurrent callers is stored once")
    func concurrentBodies() async throws {
        let eventLog = try await log.open()
        let lines = body((1...100).map { senderLine($0) })
        let accepted = try await withThrowingTaskGroup(of: IngestReceipt.self) { group in
            for _ in 0..<12 { group.addTask { try await eventLog.ingest(lines) } }
            return try await group.reduce(0) { $0 + $1.accepted }
        }
        #expect(accepted == 100)
        var reader = eventLog.reader(from: .start)
        #expect(try await reader.all().count == 100)
        await eventLog.close()
    }

    @Test("a line that did not become durable is no duplicate when resent")
    func failedIsForgotten() async throws {
        let disk = FaultyFileSystem()
        let eventLog = try await log.open(files: disk)
        let lines = body([senderLine(1), senderLine(2)])
        disk.fail { call, _ in call == .sync ? 5 : nil }
        await #expect(throws: EventLogError.shedding(.diskFault)) {
            _ = try await eventLog.ingest(lines)
        }
        disk.fail(nil)
        let receipt = try await eventLog.ingest(lines)
        #expect((receipt.accepted, receipt.duplicates) == (2, 0))
        await eventLog.close()
    }
}

@Suite("Checksums of groups")
struct GroupSumTests {
    /// Lines of `bytes` in total, with ids from `first`.
    private func lines(_ first: Int, bytes: Int) -> [String] {
        let words = String(repeating: "w", count: 400)
        return (0...(bytes / 480)).map {
            #"{"ts":"2026-11-23T06:00:00Z","id":"s\#(first + $0)","event":"note","message":"\#(words)"}"#
        }
    }

    private func request(_ text: String) -> AppendRequest {
        let body = IngestBody(Array(text.utf8))
        return AppendRequest(
            bytes: body.bytes, lines: body.lines, checksum: body.checksum, sender: body.sender
        ) { _ in }
    }

    private static func bytes(of group: CommitGroup) -> [UInt8] {
        var all: [UInt8] = []
        group.forEachPiece { (bytes, offset) throws(Never) in
            #expect(offset == all.count)
            all.append(contentsOf: bytes)
        }
        #expect(group.count == all.count)
        return all
    }

    @Test("a group's commit line matches its bytes, however the group was formed")
    func everyMix() throws {
        let large = lines(0, bytes: 60_000).joined(separator: "\n")
        let other = lines(1000, bytes: 90_000).joined(separator: "\n") + "\n"
        let small = lines(2000, bytes: 2000).joined(separator: "\n")
        let apart = lines(3000, bytes: 50_000).joined(separator: "\n\n")
        let windows = lines(4000, bytes: 50_000).joined(separator: "\r\n")
        let half = lines(0, bytes: 30_000) + lines(5000, bytes: 40_000)
        #expect(request(large).checksum != nil)
        #expect(request(other).checksum != nil)
        #expect(request(small).checksum == nil)
        #expect(request(apart).checksum == nil)
        let mixes = [
            [large], [large, other], [small, large, small, other, small], [apart, large],
            // The second body omits lines that were stored before.
            [large, half.joined(separator: "\n"), other], [windows, large], [large, large],
        ]
        for mix in mixes {
            var marks = DedupIndex(limits: DedupLimits(), window: .seconds(3600))
            var group = CommitGroup()
            let now = Timestamp(milliseconds: 1_800_000_000_000)
            group.form(mix.map(request), marks: &marks, keeping: nil, at: now)
            let plain = Self.bytes(of: group)
            group.finish(
                with: CommitLine(
                    segment: 1, end: UInt64(plain.count), bytes: plain.count, count: group.lines,
                    at: now))
            let line = Array(Self.bytes(of: group).dropFirst(plain.count).dropLast())
            let read = line.withUnsafeBytes {
                CommitLine($0, groupChecksum: Checksum.crc32(plain))
            }
            #expect(read?.bytes == plain.count)
        }
    }

    @Test("a line from outside with this node's own name is refused, in every spelling")
    func ownName() async throws {
        let log = try TestLog()
        let eventLog = try await log.open()
        let escaped = senderLine(2, node: "gw-a1").replacing("gw-a1", with: #"gw-\u0061\u0031"#)
        let key = senderLine(3, node: "gw-a1").replacing(#""node""#, with: #""n\u006fde""#)
        let receipt = try await eventLog.ingest(
            body([senderLine(1), senderLine(1, node: "gw-a1"), escaped, key, senderLine(4)]))
        #expect(receipt.accepted == 2)
        #expect(receipt.rejected.map(\.error) == [.ownNode, .ownNode, .ownNode])
        #expect(receipt.rejected.map(\.line) == [2, 3, 4])
        await eventLog.close()
    }

    @Test("after a restart a node recognizes its own lines only")
    func own() async throws {
        let log = try TestLog()
        let eventLog = try await log.open()
        _ = try await eventLog.append(log.event())
        _ = try await eventLog.ingest(body([senderLine(1)]))
        // An event of a hook, or a line from an older version.
        _ = try await eventLog.ingest(IngestBody(body([senderLine(1, node: "gw-a1")])))
        await eventLog.close()
        let again = try await log.open()
        var reader = again.reader(from: .start)
        #expect(try await reader.all().map { again.wrote($0.bytes) } == [true, false, false])
        await again.close()
        let mode = try FileManager.default.attributesOfItem(atPath: log.directory + "/log.key")[
            .posixPermissions]
        #expect((mode as? NSNumber)?.intValue == 0o600)
        // With another key, the log belongs to another node.
        try Data(repeating: 7, count: 32).write(
            to: URL(fileURLWithPath: log.directory + "/log.key"))
        let stranger = try await log.open()
        var all = stranger.reader(from: .start)
        #expect(try await all.all().contains { stranger.wrote($0.bytes) } == false)
        await stranger.close()
    }
}
