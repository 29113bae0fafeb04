import Events
import EventLog
import Foundation
import TestSupport
import Testing
import Transfer

@testable import Notifier

/// A client that is late learns from the answer what it missed.
@Suite("Lines that GET /v1/events can no longer return")
struct SkippedLinesTests {
    @Test("are counted in the header of the page that passes them, and of no other")
    func header() async throws {
        let notifier = try await ServedNotifier(segmentBytes: 64 << 10, maxBytes: 1 << 20)
        let first = try await notifier.eventLog.ingest(
            Array((ServedNotifier.line("first") + "\n").utf8))
        var random = SeededRandom(seed: 3)
        var accepted = 0
        while notifier.eventLog.status.oldestSegment < 3 {
            try #require(accepted < 20_000)
            // Text that does not compress, so that the log soon has its greatest size.
            let lines = (0..<64).map { _ in
                let noise = (0..<100).map { _ in String(random.next(), radix: 36) }.joined()
                return ServedNotifier.line(noise) + "\n"
            }
            do throws(EventLogError) {
                accepted += try await notifier.eventLog.ingest(Array(lines.joined().utf8)).accepted
            } catch {
                // Sealing is behind.
                #expect(error == .shedding(.quota))
            }
            await notifier.eventLog.maintain()
        }
        var after = "\(first.end)"
        var (skipped, read, pages) = (0, 0, 0)
        while true {
            let page = try await notifier.get("/v1/events?limit=200&after=\(after)")
            try #require(page.status == 200)
            pages += 1
            let count = page.header("Bellwether-Skipped")
            #expect((count != nil) == (pages == 1))
            skipped += count.flatMap { Int($0) } ?? 0
            read += page.body.split(separator: UInt8(ascii: "\n")).count {
                String(decoding: $0, as: UTF8.self).contains(#""event":"x.y""#)
            }
            after = try #require(page.header("Bellwether-Next"))
            if page.header("Bellwether-Caught-Up") == "true" { break }
        }
        #expect(pages > 1 && skipped > 0)
        // Events of the log itself may be among the removed lines.
        #expect((accepted...accepted + 5).contains(read + skipped))
        await notifier.stop()
    }
}
