import Events
import Foundation
import Telemetry
import TestSupport
import Testing

@testable import EventLog

/// Opens and reads a log with archives, a closed segment and an open one, once for each call that
/// only reads the disk, and fails that one call.
///
/// Covers opening, reading, counting, appending, sealing, checking and repairing. A call that fails
/// is not a file that is missing or damaged: nothing may be removed, rewritten or reported as lost.
@Suite("Each call that reads the disk fails once")
struct EveryReadTests {
    private static let before = 10
    private static let after = 4
    private static let change: @Sendable (inout EventLogConfiguration) -> Void = {
        $0.segmentBytes = 64 * 1024
        $0.ballastBytes = 64 * 1024
    }

    private static func lines(_ round: Int) -> [String] {
        (1...10).map { senderLine(round * 10 + $0, padding: 2000) }
    }

    /// A log with archives, a closed segment that is not sealed, and an open one.
    private static func prepared() async throws -> TestLog {
        let log = try TestLog()
        let disk = FaultyFileSystem()
        let eventLog = try await log.open(files: disk, change)
        for round in 0..<before {
            if round == 7 {
                await eventLog.settle()
                disk.fail { call, path in call == .open && path.hasSuffix(".gz.tmp") ? 5 : nil }
            }
            _ = try await eventLog.ingest(body(lines(round)))
        }
        await eventLog.settle()
        await eventLog.close()
        try #require(try !log.archives().isEmpty)
        try #require(
            try log.names().contains { $0.hasSuffix(".jsonl") && $0 != "active.jsonl" })
        return log
    }

    /// Repeats `body` once if it failed with the injected error.
    private static func twice<Result: Sendable>(
        _ fault: OneFault, _ body: () async throws(EventLogError) -> Result
    ) async throws(EventLogError) -> Result {
        do throws(EventLogError) { return try await body() } catch {
            guard case .system(_, _, fault.code) = error else { throw error }
        }
        return try await body()
    }

    private static func read(
        _ start: EventLogReader, _ fault: OneFault
    ) async throws(EventLogError) -> (lines: [String], skipped: Int) {
        var reader = start
        var lines: [String] = []
        var skipped = 0
        while true {
            let before = reader
            let (next, batch) = try await twice(fault) { () async throws(EventLogError) in
                var reader = before
                let batch = try await reader.next(maxLines: 25)
                return (reader, batch)
            }
            reader = next
            lines += batch.lines.map { String(decoding: $0.bytes, as: UTF8.self) }
            skipped += batch.skipped
            if batch.isCaughtUp { return (lines, skipped) }
        }
    }

    /// The life of the log in which one call fails.
    private static func live(_ log: TestLog, _ fault: OneFault) async throws {
        let disk = FaultyFileSystem()
        disk.fail { fault.decide($0, $1) }
        let files = EventLogFiles(directory: log.directory, files: disk)
        let known = (0..<before).flatMap(lines)
        // Without the lock: as the command line reads.
        let outside = try await read(files.reader(), fault)
        #expect(outside.lines == known && outside.skipped == 0, "\(fault.failed)")

        let eventLog = try await twice(fault) { () async throws(EventLogError) in
            try await EventLog.open(
                log.configuration(change), clock: log.clock.wall, telemetry: .silent, files: disk)
        }
        let inside = try await read(eventLog.reader(from: .start), fault)
        #expect(inside.lines == known && inside.skipped == 0, "\(fault.failed)")
        let counts = try await twice(fault) { () async throws(EventLogError) in
            try await files.count(by: "node")
        }
        #expect(counts.total == known.count && counts.skipped == 0, "\(fault.failed)")
        for round in before - 1..<before + after {
            let receipt = try await eventLog.ingest(body(lines(round)))
            #expect(receipt.accepted + receipt.duplicates == 10, "\(fault.failed)")
            log.clock.advance(by: .seconds(60))
            await eventLog.maintain()
        }
        await eventLog.settle()
        await eventLog.maintain()
        await eventLog.settle()
        #expect(eventLog.status.shedding == nil, "\(fault.failed)")
        await eventLog.close()
        _ = try? await files.verify()
        _ = try? await files.repair(clock: log.clock.wall)
    }

    @Test("no line is lost, duplicated or reported as lost, and nothing is rewritten")
    func life() async throws {
        let template = try await Self.prepared()
        let none = OneFault(at: 0, code: 5, onlyReads: true)
        func copy() throws -> TestLog {
            let log = try TestLog()
            for name in try FileManager.default.contentsOfDirectory(atPath: template.directory) {
                try FileManager.default.copyItem(
                    atPath: template.folder.file(name), toPath: log.folder.file(name))
            }
            return log
        }
        try await Self.live(try copy(), none)
        let sent = (0..<Self.before + Self.after).flatMap(Self.lines)
        var failed: Set<String> = []
        for place in 1...none.made {
            let log = try copy()
            let fault = OneFault(at: place, code: 5, onlyReads: true)
            try await Self.live(log, fault)
            failed.insert(String(fault.failed.split(separator: " ").first ?? ""))
            var reader = log.files.reader()
            // Also without lines of the log's own: it has nothing to report.
            #expect(try await reader.texts() == sent, "\(fault.failed)")
            #expect(try await log.files.verify().isSound, "\(fault.failed)")
        }
        #expect(
            failed.isSuperset(of: ["list", "openToRead", "read", "stat", "space"]), "\(failed)")
    }
}
