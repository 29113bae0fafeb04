import Events
import TestSupport
import Testing

@testable import Journal

@Suite("Queries")
struct QueryTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    /// 900 events, a second apart, most of them sealed.
    private func filled() async throws -> Journal {
        let journal = try await log.open { $0.segmentBytes = 64 * 1024 }
        for i in 0..<900 {
            var event = log.event(i % 3 == 0 ? "analysis.unhealthy" : "analysis.healthy")
            event.az = "az\(i % 4)"
            event.attempt = i
            event.message = String(repeating: "m", count: 300)
            try await journal.append(event)
            log.clock.advance(by: .seconds(1))
        }
        await journal.settle()
        #expect(try log.archives().count > 3)
        return journal
    }

    @Test("time bounds: since is inclusive, until exclusive, over archives and the open segment")
    func time() async throws {
        let start = log.clock.wall.now
        let journal = try await filled()
        for (low, high) in [(0, 900), (100, 101), (450, 860), (890, 2000), (-5, 3)] {
            let query = JournalQuery(
                since: start + .seconds(low), until: start + .seconds(high))
            var reader = journal.reader(from: .start, query: query)
            let attempts = try await reader.all().compactMap { try Event(line: $0.bytes).attempt }
            #expect(attempts == Array(max(0, low)..<min(900, high)))
        }
        await journal.close()
    }

    @Test("conditions, from the process and from outside")
    func conditions() async throws {
        let journal = try await filled()
        let query = JournalQuery(where: try Expression("event~unhealthy az=az1 attempt>300"))
        let expected = (301..<900).filter { $0 % 3 == 0 && $0 % 4 == 1 }
        var own = journal.reader(from: .start, query: query)
        #expect(try await own.all().compactMap { try Event(line: $0.bytes).attempt } == expected)
        var foreign = log.files.reader(query: query)
        #expect(
            try await foreign.all().compactMap { try Event(line: $0.bytes).attempt } == expected)
        await journal.close()
    }

    @Test("counts by field, the most frequent first")
    func counts() async throws {
        let journal = try await filled()
        let counts = try await journal.count(by: "event")
        #expect(counts.total == 900)
        #expect(counts.rows.map(\.value) == ["analysis.healthy", "analysis.unhealthy"])
        #expect(counts.rows.map(\.count) == [600, 300])
        let byAZ = try await log.files.count(
            by: "az", query: JournalQuery(where: try Expression("event=analysis.unhealthy")))
        #expect(byAZ.rows.map(\.count) == [75, 75, 75, 75])
        let none = try await journal.count(by: "own.absent")
        #expect(none.rows == [JournalCounts.Row(value: nil, count: 900)])
        await journal.close()
    }

    @Test("the last lines that match, across segments, and following on from there")
    func last() async throws {
        let journal = try await filled()
        let query = JournalQuery(where: try Expression("event~unhealthy"))
        for count in [0, 1, 7, 250, 299, 300, 5000] {
            let batch = try await journal.last(count, query: query)
            let expected = Array((0..<900).filter { $0 % 3 == 0 }.suffix(count))
            #expect(try batch.lines.compactMap { try Event(line: $0.bytes).attempt } == expected)
            #expect(batch.end == journal.head)
            #expect(try await log.files.last(count, query: query).lines == batch.lines)
        }
        await journal.close()
    }

    @Test("a process beside the writer sees only what is acknowledged")
    func unacknowledged() async throws {
        let disk = FaultyFileSystem()
        let journal = try await log.open(files: disk)
        _ = try await journal.ingest(body([senderLine(1)]))
        // While the sync is under way, a reader in another process looks.
        let files = log.files
        disk.fail { call, path in
            if call == .sync, path.hasSuffix("active.jsonl") {
                let seen = blockingCount(files)
                #expect(seen == 1)
            }
            return nil
        }
        _ = try await journal.ingest(body([senderLine(2)]))
        disk.fail(nil)
        var reader = files.reader()
        #expect(try await reader.all().count == 2)
        await journal.close()
    }
}

/// Lines that a foreign reader sees now, from a thread that may block.
private func blockingCount(_ files: JournalFiles) -> Int {
    var source = LineSource(files.view, from: .start)
    var count = 0
    _ = try? source.read { _, _ in
        count += 1
        return .more
    }
    return count
}
