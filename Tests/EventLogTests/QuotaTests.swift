import Events
import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

@testable import EventLog

@Suite("Quota")
struct QuotaTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    /// Incompressible text, so that archives are as large as possible.
    private func noise(_ seq: Int, _ random: inout SeededRandom) -> String {
        let words = (0..<50).map { _ in String(random.next(), radix: 36) }.joined()
        return senderLine(seq).dropLast() + #","noise":"\#(words)"}"#
    }

    @Test("the blocks below log/ never exceed max_bytes, checked after every call")
    func never() async throws {
        let disk = FaultyFileSystem()
        let most = Mutex(0)
        let log = self.log
        let eventLog = try await log.open(files: disk) {
            $0.maxBytes = 2 << 20
            $0.segmentBytes = 1 << 20
        }
        disk.afterEach {
            let now = (try? log.allocated()) ?? 0
            most.withLock { $0 = max($0, now) }
        }
        var random = SeededRandom(seed: 1)
        var accepted = 0
        for group in 0..<150 {
            let lines = (1...50).map { noise(group * 50 + $0, &random) }
            do throws(EventLogError) {
                accepted += try await eventLog.ingest(body(lines)).accepted
            } catch {
                // Ingest was faster than sealing: the body is refused, and the quota holds.
                #expect(error == .shedding(.quota))
                await eventLog.settle()
            }
        }
        await eventLog.settle()
        let peak = most.withLock { $0 }
        #expect(peak <= 2 << 20)
        #expect(peak > 1 << 19)
        #expect(accepted > 3000)
        // Segments are removed oldest first: the newest remain, without a gap.
        var reader = eventLog.reader(from: .start)
        let seqs = try await reader.all().compactMap {
            let event = try Event(line: $0.bytes)
            return event.node == "gw-b" ? event.seq : nil
        }
        #expect(seqs.count < accepted)
        #expect(seqs == seqs.sorted())
        #expect(eventLog.status.usedBytes <= 2 << 20)
        await eventLog.close()
    }

    @Test("an old cursor gets the number of lines it missed, in both views")
    func gap() async throws {
        let eventLog = try await log.open {
            $0.segmentBytes = 64 * 1024
            $0.maxAge = .seconds(86_400)
        }
        var reader = eventLog.reader(from: .start)
        _ = try await eventLog.ingest(body((1...40).map { senderLine($0, padding: 1500) }))
        let early = try await reader.next(maxLines: 1)
        for part in 1..<5 {
            _ = try await eventLog.ingest(
                body((1...40).map { senderLine(part * 40 + $0, padding: 1500) }))
        }
        await eventLog.settle()
        log.clock.advance(by: .seconds(90_000))
        _ = try await eventLog.ingest(body([senderLine(1000)]))
        await eventLog.maintain()
        await eventLog.settle()
        await eventLog.maintain()
        let left = try await eventLog.last(10_000).lines.count
        #expect(left < 100)
        let late = try await reader.next(maxLines: 10_000)
        #expect(late.lines.count == left)
        #expect(late.skipped == 201 - 1 - left)
        var foreign = log.files.reader(from: early.end)
        #expect(try await foreign.next(maxLines: 10_000) == late)
        try await eventLog.appendGap(
            lines: late.skipped, cursor: "digests", at: log.clock.wall.now)
        let reported = try Event(line: try await eventLog.last(1).lines[0].bytes)
        #expect(reported.event == EventName.logGap)
        #expect(reported.extra("lines")?.integer == Int64(late.skipped))
        // A reader without a start position has missed nothing.
        var fresh = eventLog.reader(from: .start)
        #expect(try await fresh.next(maxLines: 10_000).skipped == 0)
        await eventLog.close()
        // The count survives a restart.
        let again = try await log.open()
        var returned = again.reader(from: early.end)
        #expect(try await returned.next(maxLines: 10_000).skipped == late.skipped)
        await again.close()
    }
}
