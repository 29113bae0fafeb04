import Events
import Foundation
import TestSupport
import Testing

@testable import EventLog

@Suite("Verify and repair")
struct VerifyTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    /// Three archives with several gzip members, and an open segment.
    private func filled() async throws -> [String] {
        let eventLog = try await log.open { $0.segmentBytes = 600_000 }
        let lines = (1...1000).map { senderLine($0, padding: 1900) }
        for part in stride(from: 0, to: lines.count, by: 20) {
            _ = try await eventLog.ingest(body(Array(lines[part..<part + 20])))
        }
        await eventLog.settle()
        #expect(try log.archives().count == 3)
        await eventLog.close()
        return lines
    }

    private func flip(_ name: String, at place: Int) throws {
        let url = URL(fileURLWithPath: log.directory + "/log/" + name)
        var bytes = try Data(contentsOf: url)
        bytes[place] ^= 0x10
        try bytes.write(to: url)
    }

    private func readAll() async throws -> (lines: [String], skipped: Int) {
        var reader = log.files.reader()
        var lines: [String] = []
        var skipped = 0
        while true {
            let batch = try await reader.next()
            lines += batch.lines.map { String(decoding: $0.bytes, as: UTF8.self) }
            skipped += batch.skipped
            if batch.isCaughtUp { return (lines, skipped) }
        }
    }

    @Test("verify accepts an undamaged log, also beside its writer, and the statistics match")
    func sound() async throws {
        let lines = try await filled()
        let report = try await log.files.verify()
        #expect(report.isSound)
        #expect(report.lines == 1000)
        #expect(report.bytes == body(lines).count)
        #expect(report.gaps.isEmpty)
        let stats = try await log.files.stats()
        #expect(stats.lines == 1000)
        #expect(stats.bytes == report.bytes)
        #expect(stats.segments.map(\.state) == [.sealed, .sealed, .sealed, .active])
        #expect(stats.segments.map(\.number) == [1, 2, 3, 4])
        let eventLog = try await log.open()
        #expect(try await log.files.verify().isSound)
        await #expect(throws: EventLogError.self) { try await log.files.repair() }
        await eventLog.close()
    }

    @Test("a flipped bit costs one member, which is reported; repair keeps positions")
    func flippedBit() async throws {
        let lines = try await filled()
        var reader = log.files.reader()
        let places = try await reader.all()
        let archive = try #require(try log.archives().dropFirst().first)
        let stem = SegmentName(stem: archive.dropLast(9))
        let name = try #require(stem)
        let folder = LogFolder(below: log.directory, files: PosixFileSystem())
        let index = try Archive(folder: folder, name: name).index()
        let member = index.members[1]
        try flip(archive, at: member.offset + member.packed / 2)

        let report = try await log.files.verify()
        #expect(
            report.damage == [
                VerifyReport.Damage(
                    file: archive, range: member.offset..<(member.offset + member.packed),
                    lines: member.lines, what: "a member is corrupt")
            ])
        let (kept, skipped) = try await readAll()
        #expect(skipped == member.lines)
        #expect(kept.count == 1000 - member.lines)
        #expect(throws: (any Error).self) { try log.gunzipped() }

        let repaired = try await log.files.repair()
        #expect(repaired.damage.count == 1 && !repaired.needsRepair)
        #expect(try await log.files.verify().isSound)
        _ = try log.gunzipped()
        #expect(try await readAll().lines == kept)
        // A cursor from before the damage still points between the same lines.
        let last = places[700]
        var later = log.files.reader(from: last.end)
        #expect(try await later.texts() == Array(lines[701...]))
    }

    @Test("wherever one byte of an archive is flipped, at most one member is lost")
    func anyByte() async throws {
        _ = try await filled()
        let archive = try #require(try log.archives().first)
        let url = URL(fileURLWithPath: log.directory + "/log/" + archive)
        let good = try Data(contentsOf: url)
        for place in Array(stride(from: 0, to: good.count, by: max(1, good.count / 40)))
            + Array(0..<28)
        {
            var bytes = good
            bytes[place] ^= 1
            try bytes.write(to: url)
            let (kept, skipped) = try await readAll()
            #expect(kept.count >= 1000 - 140 && kept.count + skipped == 1000, "byte \(place)")
        }
    }

    @Test("lost indexes and torn tails are found and repaired")
    func indexAndTail() async throws {
        let lines = try await filled()
        let index = try #require(try log.names().first { $0.hasSuffix(".idx") })
        try flip(index, at: 30)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log.active))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(#"{"event":"torn"#.utf8))
        try handle.close()
        let report = try await log.files.verify()
        #expect(report.damage.map(\.file) == [index, "active.jsonl"])
        #expect(report.needsRepair)
        #expect(try await !log.files.repair().needsRepair)
        #expect(try await log.files.verify().isSound)
        #expect(try await readAll().lines == lines)
    }

    /// The senders' lines; the log's own report of the damage comes when it is due.
    private func sent(_ reader: inout EventLogReader) async throws -> [String] {
        try await reader.texts().filter { !$0.contains(EventName.logDamaged) }
    }

    @Test("a damaged group in the open segment: the rest is kept, no damaged line is shown")
    func damagedGroup() async throws {
        let eventLog = try await log.open()
        var ends: [Int] = []
        for part in 0..<5 {
            _ = try await eventLog.ingest(body((1...4).map { senderLine(part * 4 + $0) }))
            ends.append(try PosixFileSystem().facts(log.active).bytes)
        }
        let places = try await eventLog.last(100).lines
        await eventLog.close()
        try flip("active.jsonl", at: ends[1] + 30)
        #expect(try await log.files.verify().damage.count == 1)

        let again = try await log.open()
        await again.settle()
        var reader = again.reader(from: .start)
        let expected = ((1...8).map { $0 } + (13...20).map { $0 }).map { senderLine($0) }
        #expect(try await sent(&reader) == expected)
        // The lost lines can be resent, and positions are unchanged.
        #expect(try await again.ingest(body((9...12).map { senderLine($0) })).accepted == 4)
        var later = again.reader(from: places[14].end)
        #expect(
            try await sent(&later)
                == ((16...20).map { $0 } + (9...12).map { $0 }).map { senderLine($0) })
        await again.close()
    }

    @Test("missing sequence numbers are reported by sender")
    func gaps() async throws {
        let eventLog = try await log.open()
        _ = try await eventLog.ingest(
            body([1, 2, 5, 6, 9].map { senderLine($0) } + [senderLine(7, node: "whole")]))
        await eventLog.close()
        let report = try await log.files.verify()
        #expect(report.gaps == [VerifyReport.Gap(node: "gw-b", epoch: "e1", missing: 4)])
        #expect(report.isSound)
    }
}
