import Events
import Foundation
import JSON
import TestSupport
import Testing

@testable import EventLog

/// One wrong clock must not destroy history.
@Suite("A clock that is set forward removes nothing")
struct AgeClockTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    private static let day = Duration.seconds(86_400)

    private func open() async throws -> EventLog {
        try await log.open {
            $0.segmentBytes = 64 * 1024
            $0.maxAge = Self.day * 30
        }
    }

    /// Fills some archives; returns their names.
    private func fill(_ eventLog: EventLog, from first: Int = 1) async throws -> [String] {
        for part in 0..<6 {
            let start = first + part * 40
            _ = try await eventLog.ingest(
                body((start..<start + 40).map { senderLine($0, padding: 1500) }))
        }
        await eventLog.maintain()
        await eventLog.settle()
        let archives = try log.archives()
        #expect(archives.count > 2)
        return archives
    }

    /// Whether the file of an unconfirmed step is there.
    private var hasFile: Bool {
        FileManager.default.fileExists(atPath: log.directory + "/log/" + SegmentName.clock)
    }

    private func reports() async throws -> [Event] {
        var reader = log.files.reader()
        return try await reader.all().compactMap { line in
            let event = try Event(line: line.bytes)
            return event.event == EventName.clockStepped ? event : nil
        }
    }

    /// Lets time pass in steps of ten minutes, with the maintenance of a running node.
    private func pass(_ span: Duration, _ eventLog: EventLog) async {
        var left = span
        while left > .zero {
            let step = min(left, .seconds(600))
            log.clock.advance(by: step)
            await eventLog.maintain()
            left -= step
        }
    }

    @Test("a step of 31 days removes nothing and is reported once, also after it is undone")
    func wrong() async throws {
        let eventLog = try await open()
        let archives = try await fill(eventLog)
        log.clock.setWall(by: Self.day * 31)
        await eventLog.maintain()
        await pass(.seconds(3600), eventLog)
        #expect(try log.archives().prefix(archives.count) == archives[...])
        #expect(hasFile)
        log.clock.setWall(by: .zero - Self.day * 31)
        await pass(.seconds(3600), eventLog)
        #expect(!hasFile)
        await eventLog.close()
        #expect(try log.archives().prefix(archives.count) == archives[...])
        let reports = try await reports()
        #expect(reports.count == 1)
        #expect(reports.first?.extra("ahead_ms")?.integer == (Self.day * 31).wholeMilliseconds)
    }

    @Test("a step that lasts for a day counts then")
    func right() async throws {
        let eventLog = try await open()
        let archives = try await fill(eventLog)
        log.clock.setWall(by: Self.day * 31)
        await pass(Self.day - .seconds(600), eventLog)
        #expect(try log.archives().prefix(archives.count) == archives[...])
        await pass(.seconds(1200), eventLog)
        #expect(Set(try log.archives()).isDisjoint(with: archives))
        #expect(!hasFile)
        await eventLog.close()
    }

    @Test("a restart with the wrong clock removes nothing, and the day is continued")
    func restart() async throws {
        var eventLog = try await open()
        let archives = try await fill(eventLog)
        await eventLog.close()
        log.clock.setWall(by: Self.day * 31)
        for _ in 0..<3 {
            eventLog = try await open()
            // A line with the wrong time does not confirm it.
            try await eventLog.append(log.event())
            await pass(.seconds(6 * 3600), eventLog)
            #expect(try log.archives().prefix(archives.count) == archives[...])
            await eventLog.close()
        }
        #expect(try await reports().count == 1)
        eventLog = try await open()
        await pass(.seconds(7 * 3600), eventLog)
        #expect(Set(try log.archives()).isDisjoint(with: archives))
        await eventLog.close()
    }

    @Test("another step begins the day anew")
    func again() async throws {
        let eventLog = try await open()
        let archives = try await fill(eventLog)
        for _ in 0..<4 {
            log.clock.setWall(by: Self.day * 31)
            await pass(.seconds(12 * 3600), eventLog)
        }
        #expect(try log.archives().prefix(archives.count) == archives[...])
        await eventLog.close()
    }

    @Test("time that passes removes at once, also with a clock that is set by an hour")
    func passing() async throws {
        let eventLog = try await open()
        let archives = try await fill(eventLog)
        log.clock.setWall(by: .seconds(3600))
        log.clock.advance(by: Self.day * 30)
        await eventLog.maintain()
        #expect(Set(try log.archives()).isDisjoint(with: archives))
        #expect(try await reports().isEmpty)
        await eventLog.close()
    }

    @Test("a step while the clock is behind counts from the time before it")
    func behind() {
        let clock = ManualClock()
        let start = clock.wall.now
        var ages = AgeClock(
            ages: [Self.day * 30], newest: start + Self.day * 400, resuming: nil, now: start,
            clock: clock)
        #expect(ages.time(at: start) == start)
        clock.setWall(by: Self.day * 31)
        ages.observe(clock.wall.now)
        #expect(ages.time(at: clock.wall.now) == start)
        // Another step, to the newest line's time: that line may have been one of a wrong clock.
        clock.setWall(by: Self.day * 369)
        ages.observe(clock.wall.now)
        #expect(ages.time(at: clock.wall.now) == start)
        clock.advance(by: Self.day)
        ages.observe(clock.wall.now)
        #expect(ages.time(at: clock.wall.now) == clock.wall.now)
    }

    @Test("the step that counts at once is a tenth of the least age, at most a day")
    func allowed() {
        let clock = ManualClock()
        func ages(_ all: [Duration]) -> AgeClock {
            AgeClock(ages: all, newest: nil, resuming: nil, now: clock.wall.now, clock: clock)
        }
        #expect(ages([]).allowed == Self.day / 10)
        #expect(ages([Self.day * 90, Self.day * 2]).allowed == Self.day / 5)
        #expect(ages([Self.day * 90]).allowed == Self.day)
        #expect(ages([.seconds(3600)]).proof == .seconds(3600))
        #expect(ages([Self.day * 90]).proof == Self.day)
    }
}
