import Events
import Foundation
import Telemetry
import TestSupport
import Testing

@testable import EventLog

/// Each side file may be lost, truncated, emptied, zeroed or changed: no line is lost or stored
/// twice, and the log continues.
@Suite("Damaged side files")
struct SideFileTests {
    enum Harm: Sendable, CaseIterable {
        case removed, emptied, halved, zeroed, flippedFirst, flippedMiddle, flippedLast, longer

        func apply(to path: String) throws {
            let url = URL(fileURLWithPath: path)
            var bytes = try Data(contentsOf: url)
            switch self {
            case .removed: return try FileManager.default.removeItem(at: url)
            case .emptied: bytes = Data()
            case .halved: bytes = bytes.prefix(bytes.count / 2)
            case .zeroed: bytes = Data(repeating: 0, count: bytes.count)
            case .flippedFirst: bytes[0] ^= 0x20
            case .flippedMiddle: bytes[bytes.count / 2] ^= 0x01
            case .flippedLast: bytes[bytes.count - 1] ^= 0x80
            case .longer: bytes += Data("more".utf8)
            }
            try bytes.write(to: url)
        }
    }

    let log: TestLog

    init() throws { log = try TestLog() }

    private static let count = 600

    /// Archives, an open segment, the dedup index, and segments removed for space.
    private static let filled = Task {
        let log = try TestLog()
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        let byID = (1...50).map { #"{"ts":"2026-11-23T06:00:00Z","event":"a.b","id":"i\#($0)"}"# }
        let lines = byID + (1...count).map { senderLine($0, padding: 900) }
        for part in stride(from: 0, to: lines.count, by: 50) {
            _ = try await eventLog.ingest(body(Array(lines[part..<min(part + 50, lines.count)])))
            // The dedup index is written twice, whenever the sealer's thread runs.
            if part == count / 2 { await eventLog.settle() }
        }
        await eventLog.maintain()
        await eventLog.settle()
        await eventLog.close()
        #expect(try log.archives().count > 3)
        return (log: log, lines: lines)
    }

    /// Gives this test a copy of the filled log, in place of any log before.
    private func filled() async throws -> [String] {
        let made = try await Self.filled.value
        try log.copy(made.log)
        return made.lines
    }

    /// Checks that the log opens, holds all lines once, detects duplicates, and accepts more.
    private func check(_ lines: [String], _ comment: Comment) async throws -> PrometheusRegistry {
        let telemetry = Telemetry.silent
        var foreign = log.files.reader()
        #expect(try await foreign.texts() == lines, comment)
        let eventLog = try await log.open(telemetry: telemetry) { $0.segmentBytes = 64 * 1024 }
        var reader = eventLog.reader(from: .start)
        #expect(try await reader.texts() == lines, comment)
        #expect(try await eventLog.ingest(body(lines)).duplicates == lines.count, comment)
        await eventLog.maintain()
        await eventLog.settle()
        await eventLog.close()
        // Damage in a part that no query read is found by verify, and repaired.
        if try await !log.files.verify().isSound {
            #expect(try await !log.files.repair().needsRepair, comment)
        }
        #expect(try await log.files.verify().isSound, comment)
        return telemetry.registry
    }

    @Test("the dedup index, newest and older", arguments: Harm.allCases)
    func marks(harm: Harm) async throws {
        let lines = try await filled()
        for names in [["marks"], ["marks.old"], ["marks", "marks.old"]] {
            for name in names { try harm.apply(to: log.directory + "/log/" + name) }
            let registry = try await check(lines, "\(names) \(harm)")
            let reported = registry.value("bellwether_log_damage_total") ?? 0
            // Only the newest is read if it is whole; a missing file is not damage.
            if harm != .removed, names.contains("marks") {
                #expect(reported == Double(names.count), "\(names) \(harm)")
            } else {
                #expect(reported == 0, "\(names) \(harm)")
            }
            // Sealing writes both again.
            let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
            log.clock.advance(by: .seconds(3600))
            try await eventLog.append(log.event())
            await eventLog.maintain()
            await eventLog.settle()
            await eventLog.close()
            _ = try await filled()
        }
    }

    @Test("one index, and all of them at once", arguments: Harm.allCases)
    func indexes(harm: Harm) async throws {
        let lines = try await filled()
        let indexes = try log.names().filter { $0.hasSuffix(".idx") }
        for name in indexes { try harm.apply(to: log.directory + "/log/" + name) }
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        let counts = try await eventLog.reaching(.all, from: .start).count(by: "node")
        #expect(counts.total == lines.count)
        await eventLog.close()
        _ = try await check(lines, "\(harm)")
    }

    @Test("the head file that other processes read", arguments: Harm.allCases)
    func head(harm: Harm) async throws {
        let lines = try await filled()
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        try harm.apply(to: log.directory + "/log/head")
        var foreign = log.files.reader()
        #expect(try await foreign.texts() == lines)
        // The next group rewrites it.
        _ = try await eventLog.ingest(body([senderLine(Self.count + 1)]))
        var again = log.files.reader()
        #expect(try await again.texts() == lines + [senderLine(Self.count + 1)])
        await eventLog.close()
        _ = try await check(lines + [senderLine(Self.count + 1)], "\(harm)")
    }

    private static let small: @Sendable (inout EventLogConfiguration) -> Void = {
        $0.maxBytes = 1 << 20
        $0.segmentBytes = 64 * 1024
    }

    /// A log whose first archives were removed for space.
    private static let shortened = Task {
        let log = try TestLog()
        let eventLog = try await log.open(small)
        for seq in 1...400 {
            // Barely compressible, so that archives have to be removed.
            let lines = (0..<8).map { copy in
                var noise = SeededRandom(seed: UInt64(seq * 8 + copy))
                let text = (0..<600).map { _ in
                    String(Int.random(in: 0..<36, using: &noise), radix: 36)
                }.joined()
                return
                    #"{"ts":"2026-11-23T06:00:00Z","event":"a.b","node":"n\#(copy)","epoch":"e","#
                    + #""seq":\#(seq),"noise":"\#(text)"}"#
            }
            _ = try await eventLog.ingest(body(lines))
        }
        await eventLog.maintain()
        await eventLog.settle()
        await eventLog.close()
        return log
    }

    @Test("the file that records how much was removed", arguments: Harm.allCases)
    func removed(harm: Harm) async throws {
        try log.copy(try await Self.shortened.value)
        let path = log.directory + "/log/removed"
        try #require(FileManager.default.fileExists(atPath: path))
        try harm.apply(to: path)
        let again = try await log.open(Self.small)
        var reader = again.reader(from: .start)
        let kept = try await reader.all().count
        #expect(kept > 100)
        #expect(try await again.ingest(body([senderLine(1)])).accepted == 1)
        await again.close()
        #expect(try await log.files.verify().isSound)
    }

    @Test("an open segment that ends in zeros, as after a power cut, loses nothing before them")
    func zeroTail() async throws {
        let lines = try await filled()
        let whole = try Data(contentsOf: URL(fileURLWithPath: log.active))
        for zeros in [1, 7, 4096, 300_000] {
            try (whole + Data(repeating: 0, count: zeros)).write(
                to: URL(fileURLWithPath: log.active))
            _ = try await check(lines, "\(zeros) zeros")
        }
    }

    @Test("zeros inside an archive cost the members they cover, reported by range and count")
    func zeroedArchive() async throws {
        let eventLog = try await log.open { $0.segmentBytes = 2_000_000 }
        let lines = (1...1500).map { senderLine($0, padding: 1900) }
        for part in stride(from: 0, to: lines.count, by: 50) {
            _ = try await eventLog.ingest(body(Array(lines[part..<part + 50])))
        }
        await eventLog.maintain()
        await eventLog.settle()
        await eventLog.close()
        let archive = try #require(try log.archives().first)
        let path = log.directory + "/log/" + archive
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let half = bytes.count / 2
        bytes.replaceSubrange(half..<half + 64, with: Data(repeating: 0, count: 64))
        try bytes.write(to: URL(fileURLWithPath: path))
        let report = try await log.files.verify()
        #expect(!report.damage.isEmpty)
        #expect(report.damage.allSatisfy { $0.file == archive && $0.range != nil })
        let lost = report.damage.reduce(0) { $0 + ($1.lines ?? 0) }
        let again = try await log.open { $0.segmentBytes = 2_000_000 }
        var reader = again.reader(from: .start)
        let batch = try await reader.all(maxLines: 10_000, maxBytes: 8 << 20)
        #expect(batch.count == lines.count - lost && lost < 300)
        // The log continues to work.
        #expect(try await again.ingest(body([senderLine(1501)])).accepted == 1)
        await again.close()
    }

    @Test("a truncated archive keeps the members before the cut")
    func cutArchive() async throws {
        let lines = try await filled()
        let archive = try #require(try log.archives().first)
        let path = log.directory + "/log/" + archive
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for length in [bytes.count - 1, bytes.count / 2, 20, 0] {
            try bytes.prefix(length).write(to: URL(fileURLWithPath: path))
            #expect(try await !log.files.verify().isSound, "cut to \(length)")
            let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
            var reader = eventLog.reader(from: .start)
            let kept = try await reader.texts()
            #expect(kept.suffix(100) == lines.suffix(100)[...], "cut to \(length)")
            #expect(try await eventLog.ingest(body([senderLine(1)])).duplicates == 1)
            await eventLog.close()
        }
    }
}
