import Events
import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

@testable import EventLog

/// Log files that another program removed, renamed, truncated or replaced while the log is open.
@Suite("Files changed under an open log")
struct TouchedFilesTests {
    enum Harm: String, CaseIterable {
        case removed, renamed, emptied, cutInHalf, copiedAndEmptied, replacedByFile
        case replacedByFolder, overwritten, folderRemoved, folderRenamed
    }

    let log: TestLog

    init() throws { log = try TestLog() }

    private static func apply(_ harm: Harm, to log: TestLog) throws {
        let manager = FileManager.default
        let folder = log.directory + "/log"
        switch harm {
        case .removed: try manager.removeItem(atPath: log.active)
        case .renamed: try manager.moveItem(atPath: log.active, toPath: folder + "/active.1")
        case .emptied: try cut(log.active, to: 0)
        case .cutInHalf: try cut(log.active, to: size(log.active) / 2)
        case .copiedAndEmptied:
            try manager.copyItem(atPath: log.active, toPath: folder + "/active.jsonl.1")
            try cut(log.active, to: 0)
        case .replacedByFile:
            try manager.removeItem(atPath: log.active)
            try Data("mine\n".utf8).write(to: URL(fileURLWithPath: log.active))
        case .replacedByFolder:
            try manager.removeItem(atPath: log.active)
            try manager.createDirectory(
                atPath: log.active + "/inner", withIntermediateDirectories: true)
        case .overwritten:
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: log.active))
            try file.truncate(atOffset: 0)
            try file.write(contentsOf: Data("something else\n".utf8))
            try file.close()
        case .folderRemoved: try manager.removeItem(atPath: folder)
        case .folderRenamed: try manager.moveItem(atPath: folder, toPath: folder + ".old")
        }
    }

    private static func cut(_ path: String, to bytes: Int) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.truncate(atOffset: UInt64(bytes))
        try file.close()
    }

    private static func size(_ path: String) throws -> Int {
        try PosixFileSystem().facts(path).bytes
    }

    /// The stored lines of senders, the number of lines that the log reports as lost, and the total
    /// number of lines including its own events.
    private static func held(
        _ eventLog: EventLog
    ) async throws -> (seqs: [UInt64], lost: Int, all: Int) {
        var reader = eventLog.reader(from: .start)
        var seqs: [UInt64] = []
        var lost = 0
        let lines = try await reader.all()
        for line in lines {
            let event = try Event(line: line.bytes)
            if event.node == "gw-b", let seq = event.seq { seqs.append(seq) }
            if event.event == "log.damaged" { lost += Int(event.extra("lines")?.integer ?? 0) }
        }
        return (seqs, lost, lines.count)
    }

    @Test(
        "an idle writer looks at its files at least once a second, whatever the durability",
        arguments: [
            EventLogConfiguration.Durability.commit, .os, .interval(.seconds(3600)),
            .interval(.milliseconds(5)),
        ])
    func looks(durability: EventLogConfiguration.Durability) async throws {
        #expect(SegmentWriter.lookEvery <= .seconds(1))
        let eventLog = try await log.open { $0.durability = durability }
        try await eventLog.append(log.event())
        // The writer thread waits for so long at most, and looks after each wait.
        let pause = eventLog.writer.withLock { $0.pause }
        #expect(pause <= SegmentWriter.lookEvery)
        await eventLog.close()
    }

    @Test(
        "every acknowledged line is in the log or counted as lost, and later ones are kept",
        arguments: Harm.allCases)
    func everyHarm(harm: Harm) async throws {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        // Three sealed segments, and five lines in the open one.
        for part in 0..<3 {
            _ = try await eventLog.ingest(
                body((1...40).map { senderLine(part * 40 + $0, padding: 1600) }))
        }
        _ = try await eventLog.ingest(body((121...125).map { senderLine($0) }))
        await eventLog.settle()
        try Self.apply(harm, to: log)
        #expect(try await eventLog.ingest(body((126...130).map { senderLine($0) })).accepted == 5)
        await eventLog.settle()
        try await eventually("the loss is reported", within: .seconds(20)) {
            // A reader may run between the damage and the next segment: it retries.
            guard let (seqs, lost, _) = try? await Self.held(eventLog) else { return false }
            return seqs.count + lost == 130 && seqs.suffix(5) == [126, 127, 128, 129, 130]
        }
        let before = try await Self.held(eventLog)
        #expect(before.seqs == before.seqs.sorted())
        // Data in the writer's open file is not lost, whatever happened to its name.
        switch harm {
        case .removed, .renamed, .replacedByFile, .replacedByFolder: #expect(before.lost == 0)
        case .emptied, .copiedAndEmptied, .overwritten: #expect(before.lost == 5)
        case .cutInHalf: #expect(before.lost <= 5)
        case .folderRemoved, .folderRenamed: #expect(before.lost == 120)
        }
        await eventLog.close()
        let again = try await log.open()
        let after = try await Self.held(again)
        #expect(after.seqs == before.seqs)
        #expect(after.lost == before.lost, "reported again after a restart")
        await again.close()
        #expect(try await log.files.verify().isSound)
        // The log must not remove a foreign file with that name.
        if harm == .replacedByFile || harm == .replacedByFolder {
            #expect(try log.names().contains { $0.hasPrefix("active.jsonl.aside") })
        }
    }

    @Test("an idle log detects it within seconds, without a new line")
    func idle() async throws {
        let eventLog = try await log.open()
        _ = try await eventLog.ingest(body((1...5).map { senderLine($0) }))
        try Self.apply(.emptied, to: log)
        try await eventually("the loss is reported", within: .seconds(20)) {
            (try? await Self.held(eventLog))?.lost == 5
        }
        await eventLog.close()
    }

    @Test("a removed archive is counted, reported, and no longer part of the quota")
    func archiveRemoved() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        var reader = eventLog.reader(from: .start)
        for part in 0..<4 {
            _ = try await eventLog.ingest(
                body((1...60).map { senderLine(part * 60 + $0, padding: 1500) }))
        }
        await eventLog.settle()
        let first = try await reader.next(maxLines: 10)
        let used = eventLog.status.usedBytes
        let archives = try log.archives()
        try #require(archives.count > 2)
        try FileManager.default.removeItem(atPath: log.directory + "/log/" + archives[1])
        try await eventually("the loss is reported", within: .seconds(20)) {
            (try? await Self.held(eventLog)).map { $0.lost > 0 } ?? false
        }
        let (seqs, lost, _) = try await Self.held(eventLog)
        #expect(seqs.count + lost == 240)
        #expect(eventLog.status.usedBytes < used)
        #expect(eventLog.status.archives == archives.count - 1)
        var late = eventLog.reader(from: first.end)
        #expect(try await late.next(maxLines: 10_000).skipped == lost)
        await eventLog.close()
        let again = try await log.open()
        #expect(try await Self.held(again).lost == lost, "reported again after a restart")
        await again.close()
    }

    @Test("a removed lock file is recreated before another process can take it")
    func lockRemoved() async throws {
        let eventLog = try await log.open()
        let lock = log.directory + "/lock"
        let identity = try PosixFileSystem().facts(lock).identity
        try FileManager.default.removeItem(atPath: lock)
        try await eventually("the lock file is there again", within: .seconds(20)) {
            (try? PosixFileSystem().facts(lock).identity).map { $0 != identity } ?? false
        }
        await #expect(throws: EventLogError.self) { _ = try await log.open() }
        try await eventLog.append(log.event())
        await eventLog.close()
    }

    @Test("repeated copytruncate under load: each line is stored or counted")
    func copyTruncateUnderLoad() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 256 * 1024 }
        let log = self.log
        let cutter = Task {
            for _ in 0..<40 {
                try? Self.cut(log.active, to: 0)
                try await Task.sleep(for: .milliseconds(7))
            }
        }
        var accepted = 0
        var seq = 0
        while !cutter.isCancelled, seq < 60_000 {
            let lines = (1...20).map { senderLine(seq + $0, padding: 200) }
            seq += 20
            if let receipt = try? await eventLog.ingest(body(lines)) {
                accepted += receipt.accepted
            }
        }
        try await cutter.value
        await eventLog.settle()
        // The log's own events are lost with the others, and counted.
        try await eventually("all of it is reported", within: .seconds(30)) {
            guard let (_, lost, all) = try? await Self.held(eventLog) else { return false }
            return all + lost == eventLog.status.appended
        }
        let (seqs, lost, all) = try await Self.held(eventLog)
        #expect(all + lost == eventLog.status.appended)
        #expect(seqs.count + lost >= accepted)
        #expect(lost > 0)
        #expect(seqs == seqs.sorted())
        await eventLog.close()
    }
}
