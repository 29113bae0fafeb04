import Events
import Foundation
import TestSupport
import Testing

@testable import EventLog

/// Each prefix of the recorded changes is a possible moment of a power cut.
@Suite("Power cuts")
struct PowerCutTests {
    @Test(
        "at every moment: acknowledged lines are there once and in order, no torn line is visible",
        arguments: DiskModel.Luck.allCases)
    func everyMoment(luck: DiskModel.Luck) async throws {
        let log = try TestLog()
        let disk = RecordingFileSystem()
        let eventLog = try await log.open(files: disk) { $0.segmentBytes = 64 * 1024 }
        var seq = 0
        for round in 0..<10 {
            let lines = (1...15).map { senderLine(seq + $0, padding: 900) }
            seq += 15
            // Resend earlier lines with the new ones, as after a lost response.
            let repeated =
                round % 3 == 1
                ? (max(1, seq - 20)...(seq - 15)).map { senderLine($0, padding: 900) } : []
            _ = try await eventLog.ingest(body(repeated + lines))
            disk.acknowledge(lines)
            await eventLog.settle()
        }
        await eventLog.close()
        let sent = (1...seq).map { senderLine($0, padding: 900) }

        var model = DiskModel()
        var random = SeededRandom(seed: 17)
        var checked = 0
        for (moment, change) in disk.changes.enumerated() {
            model.apply(change)
            let after = try TestLog()
            try FileManager.default.createDirectory(
                atPath: after.directory + "/log", withIntermediateDirectories: true)
            for (name, bytes) in model.contents(luck, &random) {
                try Data(bytes).write(to: URL(fileURLWithPath: after.directory + "/log/" + name))
            }
            var foreign = after.files.reader()
            let seen = try await foreign.texts()
            #expect(sent.starts(with: seen), "before opening, moment \(moment)")

            let again = try await after.open { $0.segmentBytes = 64 * 1024 }
            var reader = again.reader(from: .start)
            let kept = try await reader.texts()
            #expect(sent.starts(with: kept), "moment \(moment) of \(change)")
            #expect(
                kept.count >= model.acknowledged.count,
                "moment \(moment): \(kept.count) of \(model.acknowledged.count) acknowledged")
            // The sender got no response, so it resends everything.
            let receipt = try await again.ingest(body(sent))
            #expect(receipt.accepted == sent.count - kept.count, "moment \(moment)")
            var whole = again.reader(from: .start)
            #expect(try await whole.texts() == sent, "moment \(moment)")
            await again.close()
            checked += 1
        }
        #expect(checked == disk.changes.count)
        // Rotation, sealing and removal took place. The total number of steps depends on thread
        // scheduling.
        #expect(checked > 50)
        #expect(model.acknowledged == sent)
    }
}
