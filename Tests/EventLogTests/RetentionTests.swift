import Events
import Foundation
import JSON
import TestSupport
import Testing

@testable import EventLog

@Suite("History on a disk that other processes fill")
struct RetentionTests {
    let log: TestLog
    let disk = FaultyFileSystem()

    init() throws { log = try TestLog() }

    private let now = Timestamp(milliseconds: 1_800_000_000_000)

    /// Archives of a megabyte each, an hour apart; the last is an hour old.
    private func archives(_ count: Int) -> [DiskUsage.Archive] {
        (0..<count).map { i in
            let closed = now - .seconds(3600 * (count - i))
            return DiskUsage.Archive(
                name: SegmentName(first: closed, number: UInt64(i + 1), after: nil),
                allocated: 1 << 20, closedAt: closed, lines: 10, end: 1000)
        }
    }

    /// Removes as `retention` permits, on a disk that initially lacks `lack` bytes.
    private func giveBack(
        _ retention: inout Retention, _ archives: inout [DiskUsage.Archive], lack: Int
    ) -> (alarms: Int, removed: Int) {
        var spare = -lack
        var (alarms, removed) = (0, 0)
        while true {
            switch retention.next(spare: spare, archives: archives, ballast: 0, now: now) {
            case .nothing, .recovered: return (alarms, removed)
            case .alarm: alarms += 1
            case .remove:
                spare += archives.removeFirst().allocated
                removed += 1
            }
        }
    }

    @Test(
        "a disk without a limit, or whose space is unknown, takes all lines and removes nothing",
        arguments: [true, false])
    func unlimited(isKnown: Bool) async throws {
        if isKnown {
            disk.pretendFree(Int.max)
        } else {
            disk.fail { call, _ in call == .space ? EIO : nil }
        }
        let eventLog = try await log.open(files: disk) {
            $0.minFree = 1 << 30
            $0.segmentBytes = 64 * 1024
        }
        let lines = (1...400).map { senderLine($0, padding: 900) }
        for part in stride(from: 0, to: lines.count, by: 50) {
            let receipt = try await eventLog.ingest(body(Array(lines[part..<part + 50])))
            #expect(receipt.accepted == 50)
            await eventLog.maintain()
        }
        await eventLog.settle()
        #expect(try log.archives().count > 3)
        var reader = eventLog.reader(from: .start)
        #expect(try await reader.texts() == lines)
        let space = await eventLog.space()
        #expect(space?.free == (isKnown ? Int.max : nil))
        await eventLog.close()
    }

    @Test("the oldest segment is the first on the disk, sealed or waiting to be")
    func oldest() {
        let usage = DiskUsage(allowance: 0)
        #expect(usage.oldest == nil)
        let archives = archives(5)
        usage.close(4, bytes: 10)
        usage.close(5, bytes: 10)
        #expect(usage.oldest == 4)
        usage.add(archives[3])
        #expect(usage.oldest == 4)
        usage.remove(archives[3])
        #expect(usage.oldest == 5)
    }

    @Test("an alarm is raised first, and nothing is removed before its delay has passed")
    func alarmFirst() {
        var retention = Retention(keeps: .share(0.25), grace: .seconds(3600))
        var history = archives(20)
        #expect(giveBack(&retention, &history, lack: 2 << 20) == (1, 0))
        #expect(giveBack(&retention, &history, lack: 2 << 20) == (0, 0))
        #expect(retention.isInGrace)
    }

    @Test("nothing is removed if it would not free enough")
    func helps() {
        var retention = Retention(keeps: .share(0.25), grace: .zero)
        var history = archives(20)
        #expect(giveBack(&retention, &history, lack: 16 << 20) == (1, 0))
        #expect(giveBack(&retention, &history, lack: 15 << 20).removed == 15)
    }

    @Test("each alarm permits removing a quarter, and the floor stays, also across a restart")
    func floor() {
        var retention = Retention(keeps: .share(0.25), grace: .zero)
        var history = archives(20)
        var alarms = 0
        for _ in 0..<100 { alarms += giveBack(&retention, &history, lack: 1 << 20).alarms }
        #expect(history.count == 5)
        #expect(alarms >= 4)
        var again = Retention(keeps: .share(0.25), grace: .zero, resuming: retention.reference)
        for _ in 0..<100 { _ = giveBack(&again, &history, lack: 1 << 20) }
        #expect(history.count == 5)
    }

    @Test("history younger than the configured age is kept")
    func young() {
        var retention = Retention(keeps: .history(.seconds(6 * 3600)), grace: .zero)
        var history = archives(20)
        for _ in 0..<100 { _ = giveBack(&retention, &history, lack: 1 << 20) }
        #expect(history.count == 6)
    }

    @Test("a log that fills its disk by itself continues to replace its oldest lines")
    func ownGrowth() {
        var retention = Retention(keeps: .share(0.25), grace: .zero)
        var history = archives(20)
        var alarms = 0
        for i in 0..<200 {
            alarms += giveBack(&retention, &history, lack: 1000).alarms
            history.append(archives(1)[0])
            history[history.count - 1].name = SegmentName(
                first: now, number: UInt64(100 + i), after: nil)
        }
        #expect(history.count == 20)
        #expect(alarms == 1)
    }

    @Test("the pressure ends when all space that was freed is available")
    func recovers() {
        var retention = Retention(keeps: .share(0.25), grace: .zero)
        var history = archives(20)
        _ = giveBack(&retention, &history, lack: 3 << 20)
        #expect(retention.next(spare: 1 << 20, archives: history, ballast: 0, now: now) == .nothing)
        #expect(retention.isShort)
        #expect(
            retention.next(spare: 3 << 20, archives: history, ballast: 0, now: now) == .recovered)
        #expect(!retention.isShort)
    }

    // MARK: - In a log

    private func filled(_ grace: Duration) async throws -> EventLog {
        let eventLog = try await log.open(files: disk) {
            $0.segmentBytes = 64 * 1024
            $0.minFree = 1 << 30
            $0.pressureGrace = grace
        }
        var random = SeededRandom(seed: 3)
        for part in 0..<40 {
            let lines = (1...30).map { seq in
                let noise = (0..<150).map { _ in String(random.next(), radix: 36) }.joined()
                return senderLine(part * 30 + seq).dropLast() + #","noise":"\#(noise)"}"#
            }
            _ = try await eventLog.ingest(body(lines.map(String.init)))
        }
        await eventLog.settle()
        return eventLog
    }

    private func reported(_ lines: [EventLogLine], _ name: String) throws -> [Event] {
        try lines.map { try Event(line: $0.bytes) }.filter { $0.event == name }
    }

    @Test(
        "others fill the disk at once: alarm, no history is removed, lines return later"
    )
    func atOnce() async throws {
        let eventLog = try await filled(.zero)
        let before = try log.archives()
        try #require(before.count > 10)
        disk.pretendFree(0)
        for seq in 0..<20 {
            await #expect(throws: EventLogError.shedding(.minFree)) {
                try await eventLog.ingest(body([senderLine(5000 + seq)]))
            }
        }
        await eventLog.maintain()
        #expect(try log.archives() == before)
        try await eventually("it is reported", within: .seconds(20)) {
            try await !reported(eventLog.last(100).lines, EventName.logPressure).isEmpty
        }
        disk.pretendFree(nil)
        #expect(try await eventLog.ingest(body([senderLine(5000)])).accepted == 1)
        await eventLog.close()
    }

    @Test(
        "others fill the disk slowly: alarm, then removal by quarters down to the floor"
    )
    func slowly() async throws {
        let eventLog = try await filled(.zero)
        let before = try log.archives()
        try #require(before.count > 10)
        let lines = try await log.files.stats().lines
        let used = try log.allocated()
        var free = (1 << 30) + (4 << 20)
        while free > (1 << 30) - (8 << 20) {
            disk.pretendFree(free)
            await eventLog.maintain()
            free -= 16 << 10
            // Removed bytes are free unless another process uses them.
            let given = used - (try log.allocated())
            if given > 0 { disk.pretendFree(free + given) }
        }
        let left = try log.archives()
        #expect(left.count < before.count)
        #expect(Double(left.count) >= 0.2 * Double(before.count))
        #expect(before.suffix(left.count) == left[...])
        disk.pretendFree(nil)
        await eventLog.close()
        var reader = log.files.reader()
        let kept = try await reader.all()
        let trimmed = try reported(kept, EventName.logTrimmed)
        let alarms = try reported(kept, EventName.logPressure)
        #expect(!alarms.isEmpty)
        let counted = trimmed.compactMap { $0.extra("lines")?.integer }.reduce(0, +)
        let segments = trimmed.compactMap { $0.extra("segments")?.integer }.reduce(0, +)
        #expect(Int(segments) == before.count - left.count)
        let senders = try kept.filter { try Event(line: $0.bytes).node == "gw-b" }
        #expect(Int(counted) + senders.count == lines)
        #expect(trimmed.allSatisfy { Timestamp(rfc3339: $0.extra("from")?.string ?? "") != nil })
    }

    @Test("during the alarm, lines use the ballast's space and no history is removed")
    func grace() async throws {
        let eventLog = try await log.open(files: disk) {
            $0.segmentBytes = 64 * 1024
            $0.minFree = 1 << 30
            $0.ballastBytes = 4 << 20
        }
        for part in 0..<6 {
            _ = try await eventLog.ingest(
                body((1...60).map { senderLine(part * 60 + $0, padding: 1500) }))
        }
        await eventLog.settle()
        let before = try log.archives()
        disk.pretendFree((1 << 30) + (1 << 18))
        await eventLog.maintain()
        // As on a real disk, the ballast's space is now free.
        disk.pretendFree((1 << 30) + (1 << 18) + (4 << 20))
        #expect(try await eventLog.ingest(body([senderLine(1000)])).accepted == 1)
        #expect(try log.archives() == before)
        await eventLog.close()
    }

    @Test(
        "a real disk that another process fills completely keeps the history",
        .enabled(if: TinyDisk.isPermitted))
    func realDisk() async throws {
        let mount = try TinyDisk(megabytes: 64)
        defer { mount.unmount() }
        var configuration = EventLogConfiguration(
            directory: mount.path, node: "n", maxBytes: 32 << 20, minFree: 6 << 20,
            segmentBytes: 64 << 10, ballastBytes: 2 << 20)
        configuration.pressureGrace = .milliseconds(500)
        let eventLog = try await EventLog.open(configuration)
        for part in 0..<64 {
            _ = try await eventLog.ingest(
                body((1...63).map { senderLine(part * 63 + $0, padding: 1500) }))
        }
        await eventLog.settle()
        #expect(eventLog.status.appended >= 4032)
        let archives = eventLog.status.archives
        try #require(archives > 20)
        let others = try mount.fill()
        try await eventually("the log notices", within: .seconds(20)) {
            await eventLog.maintain()
            return eventLog.status.shedding != nil
        }
        try await eventually("it is reported", within: .seconds(20)) {
            await eventLog.maintain()
            return try await !reported(eventLog.last(200).lines, EventName.logPressure).isEmpty
        }
        for _ in 0..<5 { await eventLog.maintain() }
        #expect(eventLog.status.archives >= archives)
        var reader = eventLog.reader(from: .start)
        let kept = try await reader.all().filter { try Event(line: $0.bytes).node == "gw-b" }
        #expect(kept.count == 4032)
        try FileManager.default.removeItem(atPath: others)
        try await eventually("lines are taken again", within: .seconds(20)) {
            (try? await eventLog.ingest(body([senderLine(9000)])))?.accepted == 1
                || eventLog.status.appended > 4032
        }
        await eventLog.close()
    }
}
