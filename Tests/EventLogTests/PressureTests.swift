import Events
import Foundation
import JSON
import TestSupport
import Testing

@testable import EventLog

@Suite("Pressure")
struct PressureTests {
    let log: TestLog
    let disk = FaultyFileSystem()

    init() throws { log = try TestLog() }

    private func line(_ event: String, _ seq: Int, level: String = "info") -> String {
        #"{"ts":"2026-11-23T06:00:00Z","event":"\#(event)","level":"\#(level)","node":"gw-b","#
            + #""epoch":"e","seq":\#(seq)}"#
    }

    private func reported(_ eventLog: EventLog) async throws -> [Event] {
        try await eventLog.last(1000).lines.map { try Event(line: $0.bytes) }
            .filter { $0.event == EventName.logShed }
    }

    @Test("a line's priority comes from the event's name, else from its level")
    func kinds() throws {
        for (event, level, kind) in [
            ("analysis.healthy", "info", LineKind.healthy), ("auth.refused", "warn", .refusal),
            ("request.refused", "warn", .refusal), ("rate.limited", "warn", .refusal),
            ("analysis.degraded", "warn", .degraded), ("analysis.unhealthy", "error", .failure),
            ("analysis.unknown", "warn", .failure), ("analysis.recovered", "info", .failure),
            ("backup.done", "info", .healthy), ("backup.slow", "warn", .degraded),
            ("backup.failed", "error", .failure), ("log.shed", "warn", .failure),
        ] {
            #expect(try ScannedLine(Array(line(event, 1, level: level).utf8)).kind == kind)
        }
    }

    @Test(
        "lines are shed by priority: healthy verdicts, refusals, degraded, failures; all are reported"
    )
    func order() async throws {
        let eventLog = try await log.open(files: disk) { $0.minFree = 8 << 20 }
        let kinds = [
            "analysis.healthy", "auth.refused", "analysis.degraded", "analysis.unhealthy",
        ]
        var seq = 0
        var expected = KindCounts()
        // The free space above the floor, and how many of the four are shed.
        for (spare, given) in [(4 << 20, 0), (2_600_000, 1), (1_600_000, 2), (600_000, 3)] {
            disk.pretendFree((8 << 20) + spare)
            let lines = kinds.map { kind in
                seq += 1
                return line(kind, seq)
            }
            let receipt = try await eventLog.ingest(body(lines))
            #expect(receipt.accepted == 4 - given)
            for kind in LineKind.allCases {
                #expect(receipt.shed[kind] == (Int(kind.rawValue) < given ? 1 : 0))
            }
            expected += receipt.shed
            #expect(eventLog.status.keeps == (given == 0 ? nil : LineKind(rawValue: UInt8(given))))
            #expect(eventLog.status.shedding == nil)
            // A resent line that the log already holds is not lost.
            #expect(try await eventLog.ingest(body(lines)).duplicates == 4 - given)
            expected += receipt.shed
        }
        disk.pretendFree(1 << 20)
        await #expect(throws: EventLogError.shedding(.minFree)) {
            try await eventLog.ingest(body([line("analysis.unhealthy", 1000)]))
        }
        await #expect(throws: EventLogError.shedding(.minFree)) {
            try await eventLog.append(log.event("analysis.unhealthy"))
        }
        expected[.failure] += 1
        #expect(eventLog.status.shed == expected)
        #expect(eventLog.status.deferred == 1)
        disk.pretendFree(nil)
        log.clock.advance(by: .seconds(61))
        await eventLog.maintain()
        #expect(eventLog.status.keeps == nil)
        await eventLog.maintain()
        try await eventually("the rest is reported") { try await reported(eventLog).count == 2 }
        let events = try await reported(eventLog)
        for kind in LineKind.allCases {
            let sum = events.compactMap { $0.extra(kind.name)?.integer }.reduce(0, +)
            #expect(sum == Int64(expected[kind]))
        }
        #expect(events.compactMap { $0.extra("deferred")?.integer } == [0, 1])
        await eventLog.close()
    }

    @Test("unreported losses are reported when the log closes")
    func closing() async throws {
        let eventLog = try await log.open(files: disk)
        disk.fail { call, _ in call == .sync ? 5 : nil }
        await #expect(throws: EventLogError.shedding(.diskFault)) {
            try await eventLog.append(log.event())
        }
        disk.fail(nil)
        await eventLog.close()
        let again = try await log.open()
        #expect(try await reported(again).first?.extra("healthy")?.integer == 1)
        await again.close()
    }

    @Test("in a full log no node exceeds its share, unless it is the only one")
    func coverages() async throws {
        let eventLog = try await log.open {
            $0.maxBytes = 1 << 20
            $0.segmentBytes = 128 << 10
        }
        var random = SeededRandom(seed: 7)
        func noise() -> String { (0..<60).map { _ in String(random.next(), radix: 36) }.joined() }
        func send(_ node: String, _ seq: Int, lines: Int) async throws -> Bool {
            let text = (0..<lines).map { i in
                String(senderLine(seq * 100 + i + 1, node: node).dropLast())
                    + #","n":"\#(noise())"}"#
            }
            do throws(EventLogError) {
                return try await eventLog.ingest(body(text)).accepted == lines
            } catch {
                await eventLog.settle()
                if error == .overShare { return false }
                return try await eventLog.ingest(body(text)).accepted == lines
            }
        }
        // A single node has no limit.
        for seq in 0..<60 { #expect(try await send("noisy", seq, lines: 40)) }
        var refused = 0
        for seq in 60..<160 {
            if try await !send("noisy", seq, lines: 40) { refused += 1 }
            #expect(try await send("quiet", seq, lines: 1))
        }
        #expect(refused > 30)
        #expect(eventLog.status.deferred >= refused * 40)
        await eventLog.close()
    }

    @Test("the ballast is removed when the disk is full, and restored later")
    func ballast() async throws {
        let ballast = log.folder.file("ballast")
        let posix = PosixFileSystem()
        let eventLog = try await log.open(files: disk) {
            $0.ballastBytes = 1 << 20
            // Otherwise lines use the ballast's space while the alarm is being raised.
            $0.pressureGrace = .zero
        }
        #expect(try posix.facts(ballast).allocated >= 1 << 20)
        disk.fail { call, path in call == .write && path.hasSuffix("active.jsonl") ? 28 : nil }
        disk.pretendFree(0)
        _ = try? await eventLog.ingest(body([senderLine(1)]))
        #expect((try? posix.facts(ballast)) == nil)
        disk.fail(nil)
        // There is space for a line but not for the ballast, so the pressure continues.
        disk.pretendFree(1 << 20)
        await #expect(throws: EventLogError.shedding(.minFree)) {
            try await eventLog.ingest(body([senderLine(1)]))
        }
        disk.pretendFree(nil)
        #expect(try await eventLog.ingest(body([senderLine(1)])).accepted == 1)
        await eventLog.maintain()
        #expect(try posix.facts(ballast).allocated >= 1 << 20)
        await eventLog.close()
    }

    @Test(
        "a disk that others fill completely: shedding, nothing lost, automatic recovery",
        .enabled(if: TinyDisk.isPermitted))
    func tinyDisk() async throws {
        let mount = try TinyDisk(megabytes: 6)
        defer { mount.unmount() }
        let configuration = EventLogConfiguration(
            directory: mount.path, node: "n", minFree: 0, segmentBytes: 256 << 10,
            ballastBytes: 1 << 20)
        let eventLog = try await EventLog.open(configuration)
        _ = try await eventLog.ingest(body((1...50).map { senderLine($0, padding: 500) }))
        #expect(FileManager.default.createFile(atPath: mount.path + "/others", contents: nil))
        let others = try FileHandle(forWritingTo: URL(fileURLWithPath: mount.path + "/others"))
        let piece = Data(repeating: 1, count: 4096)
        while (try? others.write(contentsOf: piece)) != nil {}
        var acknowledged = 50
        var refusal: (any Error)?
        for seq in 51...2000 where refusal == nil {
            // Incompressible text: otherwise the log continues in the ballast's space.
            let text = String((0..<4000).map { _ in Self.letters[Int.random(in: 0..<64)] })
            let line = senderLine(seq).replacing(#""message":"""#, with: #""message":"\#(text)""#)
            do { acknowledged += try await eventLog.ingest(body([line])).accepted } catch {
                refusal = error
            }
        }
        guard case .shedding? = refusal as? EventLogError else {
            Issue.record("not refused: \(String(describing: refusal))")
            return
        }
        // Other processes can still write, because removing the ballast freed space.
        #expect((try? others.write(contentsOf: piece)) != nil)
        try others.truncate(atOffset: 0)
        try others.close()
        try await eventually("the log is well again") {
            await eventLog.maintain()
            return eventLog.status.shedding == nil
        }
        acknowledged += try await eventLog.ingest(body([senderLine(5000)])).accepted
        var reader = eventLog.reader(from: .start)
        let kept = try await reader.all().filter { try Event(line: $0.bytes).node == "gw-b" }
        #expect(kept.count == acknowledged)
        await eventLog.close()
    }

    private static let letters = Array(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
}
