import Events
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Journal

@Suite("Quota")
struct QuotaTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    /// Text that doesn't compress, so that archives are as large as they come.
    private func noise(_ seq: Int, _ random: inout SeededRandom) -> String {
        let words = (0..<50).map { _ in String(random.next(), radix: 36) }.joined()
        return senderLine(seq).dropLast() + #","noise":"\#(words)"}"#
    }

    @Test("the blocks below log/ never exceed max_bytes, looked at after every call")
    func never() async throws {
        let disk = FaultyFileSystem()
        let most = Mutex(0)
        let log = self.log
        let journal = try await log.open(files: disk) {
            $0.maxBytes = 2 << 20
            $0.segmentBytes = 1 << 20
        }
        disk.afterEach {
            let now = (try? log.allocated()) ?? 0
            most.withLock { $0 = max($0, now) }
        }
        var random = SeededRandom(1)
        var accepted = 0
        for group in 0..<150 {
            let lines = (1...50).map { noise(group * 50 + $0, &random) }
            do throws(JournalError) {
                accepted += try await journal.ingest(body(lines)).accepted
            } catch {
                // Ingest outran sealing: refused, not over the quota.
                #expect(error == .shedding(.quota))
                await journal.settle()
            }
        }
        await journal.settle()
        let peak = most.withLock { $0 }
        #expect(peak <= 2 << 20)
        #expect(peak > 1 << 19)
        #expect(accepted > 3000)
        // Oldest first: what is left is the newest, without a hole.
        var reader = journal.reader(from: .start)
        let seqs = try await reader.all().compactMap { try Event(line: $0.bytes).seq }
        #expect(seqs.count < accepted)
        #expect(seqs == seqs.sorted())
        #expect(journal.status.usedBytes <= 2 << 20)
        await journal.close()
    }

    @Test("below min_free archives are given back first, then lines are refused; it ends by itself")
    func minFree() async throws {
        let disk = FaultyFileSystem()
        let journal = try await log.open(files: disk) {
            $0.segmentBytes = 64 * 1024
            $0.minFree = 1 << 30
        }
        for part in 0..<5 {
            _ = try await journal.ingest(
                body((1...60).map { senderLine(part * 60 + $0, padding: 1500) }))
        }
        await journal.settle()
        #expect(try log.archives().count > 1)
        disk.pretendFree(1 << 29)
        await #expect(throws: JournalError.shedding(.minFree)) {
            try await journal.append(log.event())
        }
        #expect(try log.archives().isEmpty)
        #expect(journal.status.shedding == .minFree)
        disk.pretendFree(nil)
        try await journal.append(log.event())
        #expect(journal.status.shedding == nil)
        #expect(journal.status.shed == 1)
        await journal.close()
    }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
