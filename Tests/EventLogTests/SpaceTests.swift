import Foundation
import TestSupport
import Testing

@testable import EventLog

@Suite("Space")
struct SpaceTests {
    @Test("archives and indexes of typical lines are at most 8 % larger than gzip -6")
    func beyondGzip() async throws {
        let log = try TestLog()
        let generator = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Benchmarks/ingest/gen_events.py")
        let made = log.folder.file("lines")
        let child = try ChildProcess(
            "/usr/bin/env", ["python3", generator.path, "40000", "--out", made])
        try #require(try await child.waitForExit() == .code(0), "\(child.errors)")
        let lines = try Data(contentsOf: URL(fileURLWithPath: made)).split(separator: 0x0A)
        let eventLog = try await log.open { $0.segmentBytes = 64 << 20 }
        for start in stride(from: 0, to: lines.count, by: 2000) {
            let some = lines[start..<min(start + 2000, lines.count)]
            let receipt = try await eventLog.ingest(Array(some.joined(separator: [0x0A]) + [0x0A]))
            #expect(receipt.rejected.isEmpty)
        }
        log.clock.advance(by: .seconds(3600))
        await eventLog.maintain()
        await eventLog.settle()
        await eventLog.close()
        var ours = 0
        for name in try log.names() where name.hasSuffix(".gz") || name.hasSuffix(".idx") {
            ours += try PosixFileSystem().facts(log.directory + "/log/" + name).bytes
        }
        let plain = try log.gunzipped()
        #expect(plain.split(separator: 0x0A).count == lines.count)
        let gzip = try ChildProcess("/bin/sh", ["-c", "gzip -6 < '\(made)' > '\(made).gz'"])
        try #require(try await gzip.waitForExit() == .code(0), "\(gzip.errors)")
        let beyond = Double(ours) / Double(try PosixFileSystem().facts(made + ".gz").bytes) - 1
        #expect(beyond <= 0.08, "\(beyond)")
    }
}
