import Events
import TestSupport
import Testing

@testable import EventLog

@Suite("Queries")
struct QueryTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    /// 900 events, one second apart, most of them sealed.
    private func filled() async throws -> EventLog {
        let eventLog = try await log.open { $0.segmentBytes = 64 * 1024 }
        for i in 0..<900 {
            var event = log.event(i % 3 == 0 ? "analysis.unhealthy" : "analysis.healthy")
            event.az = "az\(i % 4)"
            event.attempt = i
            event.message = String(repeating: "m", count: 300)
            try await eventLog.append(event)
            log.clock.advance(by: .seconds(1))
        }
        await eventLog.settle()
        #expect(try log.archives().count > 3)
        return eventLog
    }

    @Test("time bounds: since is inclusive, until exclusive, over archives and the open segment")
    func time() async throws {
        let start = log.clock.wall.now
        let eventLog = try await filled()
        for (low, high) in [(0, 900), (100, 101), (450, 860), (890, 2000), (-5, 3)] {
            let query = EventLogQuery(
                since: start + .seconds(low), until: start + .seconds(high))
            var reader = eventLog.reader(from: .start, query: query)
            let attempts = try await reader.all().compactMap { try Event(line: $0.bytes).attempt }
            #expect(attempts == Array(max(0, low)..<min(900, high)))
        }
        await eventLog.close()
    }

    @Test("conditions, in the process and from outside")
    func conditions() async throws {
        let eventLog = try await filled()
        let query = EventLogQuery(where: try Filter("event~unhealthy az=az1 attempt>300"))
        let expected = (301..<900).filter { $0 % 3 == 0 && $0 % 4 == 1 }
        var own = eventLog.reader(from: .start, query: query)
        #expect(try await own.all().compactMap { try Event(line: $0.bytes).attempt } == expected)
        var foreign = log.files.reader(query: query)
        #expect(
            try await foreign.all().compactMap { try Event(line: $0.bytes).attempt } == expected)
        await eventLog.close()
    }

    @Test("counts by field, most frequent first")
    func counts() async throws {
        let eventLog = try await filled()
        let own = eventLog.reaching(.all, from: .start)
        let counts = try await own.count(by: "event")
        #expect(counts.total == 900)
        #expect(counts.rows.map(\.value) == ["analysis.healthy", "analysis.unhealthy"])
        #expect(counts.rows.map(\.count) == [600, 300])
        let byAZ = try await log.files.count(
            by: "az", query: EventLogQuery(where: try Filter("event=analysis.unhealthy")))
        #expect(byAZ.rows.map(\.count) == [75, 75, 75, 75])
        let none = try await own.count(by: "own.absent")
        #expect(none.rows == [EventLogCounts.Row(value: nil, count: 900)])
        await eventLog.close()
    }

    @Test("a count holds no more values than fit, in archives and in the open segment")
    func boundedCount() async throws {
        let eventLog = try await filled()
        let files = log.files
        await #expect(throws: EventLogError.tooManyValues(field: "attempt")) {
            _ = try await files.count(by: "attempt", mostBytes: 20_000)
        }
        #expect(try await files.count(by: "attempt", mostBytes: 200_000).rows.count == 900)
        let few = try await files.count(by: "az", mostBytes: 20_000)
        #expect(try await few == files.count(by: "az"))
        // Fewer lines are selected, as the error advises.
        let some = EventLogQuery(where: try Filter("attempt>850"))
        #expect(try await files.count(by: "attempt", query: some, mostBytes: 20_000).total == 49)
        await eventLog.close()
    }

    @Test("the last matching lines, across segments, and following from there")
    func last() async throws {
        let eventLog = try await filled()
        let query = EventLogQuery(where: try Filter("event~unhealthy"))
        for count in [0, 1, 7, 250, 299, 300, 5000] {
            let batch = try await eventLog.last(count, query: query)
            let expected = Array((0..<900).filter { $0 % 3 == 0 }.suffix(count))
            #expect(try batch.lines.compactMap { try Event(line: $0.bytes).attempt } == expected)
            #expect(batch.end == eventLog.head)
            #expect(try await log.files.last(count, query: query).lines == batch.lines)
        }
        await eventLog.close()
    }

    @Test("the last lines beyond a byte limit: the first of them, then the rest")
    func lastByBytes() async throws {
        let eventLog = try await filled()
        for (text, step) in [("event~analysis", 1), ("event~unhealthy", 3)] {
            let query = EventLogQuery(where: try Filter(text, .events.orAny))
            let expected = Array((0..<900).filter { $0 % step == 0 }.suffix(250))
            for maxBytes in [1, 5000, 40_000] {
                var page = try await eventLog.last(250, query: query, maxBytes: maxBytes)
                #expect(!page.isCaughtUp)
                #expect(
                    try await log.files.last(250, query: query, maxBytes: maxBytes).lines
                        == page.lines)
                var attempts: [Int] = []
                var reader = eventLog.reader(from: page.end, query: query)
                while true {
                    let bytes = page.lines.reduce(0) { $0 + $1.bytes.count + 1 }
                    // The line that reaches the limit is returned completely.
                    #expect(bytes < maxBytes + 1000)
                    attempts += try page.lines.compactMap {
                        try Event(line: $0.bytes).attempt
                    }
                    if page.isCaughtUp { break }
                    page = try await reader.next(maxLines: 250, maxBytes: maxBytes)
                }
                #expect(attempts == expected, "\(text) by \(maxBytes) bytes")
            }
            let whole = try await eventLog.last(250, query: query, maxBytes: 1 << 20)
            #expect(whole.isCaughtUp && whole.lines.count == 250)
        }
        await eventLog.close()
    }

    @Test("the last lines of a long open segment, at any distance")
    func lastOfLong() async throws {
        let eventLog = try await log.open()
        for start in stride(from: 1, to: 401, by: 25) {
            _ = try await eventLog.ingest(
                body((start..<start + 25).map { senderLine($0, padding: 20_000) }))
        }
        try #require(try log.archives().isEmpty)
        func numbers(_ batch: EventLogBatch) throws -> [Int] {
            try batch.lines.compactMap { try Event(line: $0.bytes).seq }.map { Int($0) }
        }
        for count in [1, 51, 52, 53, 200, 399, 400, 401] {
            let batch = try await eventLog.last(count)
            #expect(try numbers(batch) == Array((1...400).suffix(count)), "\(count)")
        }
        // Few lines match: the wanted one is at the very start.
        for (text, wanted) in [("seq<2", [1]), ("seq<4", [1, 2, 3]), ("seq<1", [])] {
            let query = EventLogQuery(where: try Filter(text, .events.orAny))
            #expect(try numbers(try await eventLog.last(5, query: query)) == wanted)
            #expect(try numbers(try await log.files.last(5, query: query)) == wanted)
        }
        await eventLog.close()
    }

    @Test("readers that start inside a group get each line once, however long the group is")
    func middleOfGroup() async throws {
        let eventLog = try await log.open()
        _ = try await eventLog.ingest(body((1...200).map { senderLine($0, padding: 20_000) }))
        for own in [true, false] {
            var position = LogPosition.start
            var seen: [UInt64] = []
            for _ in 0..<100 where position < eventLog.head {
                var reader =
                    own ? eventLog.reader(from: position) : log.files.reader(from: position)
                let batch = try await reader.next(maxLines: 30, maxBytes: 1 << 20)
                seen += try batch.lines.compactMap { try Event(line: $0.bytes).seq }
                position = batch.end
            }
            #expect(seen == Array(1...200), "\(own ? "own" : "foreign")")
        }
        await eventLog.close()
    }

    @Test("another process sees only acknowledged lines")
    func unacknowledged() async throws {
        let disk = FaultyFileSystem()
        let eventLog = try await log.open(files: disk)
        _ = try await eventLog.ingest(body([senderLine(1)]))
        // A reader in another process reads while the sync is in progress.
        let files = log.files
        disk.fail { call, path in
            if call == .sync, path.hasSuffix("active.jsonl") {
                let seen = blockingCount(files)
                #expect(seen == 1)
            }
            return nil
        }
        _ = try await eventLog.ingest(body([senderLine(2)]))
        disk.fail(nil)
        var reader = files.reader()
        #expect(try await reader.all().count == 2)
        await eventLog.close()
    }
}

/// Lines that another process would see now; runs on a thread that may block.
private func blockingCount(_ files: EventLogFiles) -> Int {
    var source = LineSource(files.view, from: .start)
    var count = 0
    _ = try? source.read { _, _ in
        count += 1
        return .more
    }
    return count
}
