import Events
import TestSupport
import Testing

@testable import EventLog

@Suite("Reads of a store")
struct ReadPlanTests {
    @Test(
        "near parts are read together, and at most three ranges of a file",
        arguments: [
            ([], []),
            ([0..<10], [0..<10]),
            ([100..<200, 0..<10], [0..<200]),
            ([0..<10, 131_083..<131_090], [0..<10, 131_083..<131_090]),
            ([0..<10, 131_082..<131_090], [0..<131_090]),
            ([0..<10, 5..<5], [0..<10]),
            (
                [0..<1, 1_000_000..<1_000_001, 1_500_000..<1_500_001, 9_000_000..<9_000_001],
                [0..<1, 1_000_000..<1_500_001, 9_000_000..<9_000_001]
            ),
            ([0..<9 << 20], [0..<8 << 20, 8 << 20..<9 << 20]),
        ] as [([Range<Int>], [Range<Int>])])
    func joined(parts: [Range<Int>], ranges: [Range<Int>]) {
        #expect(ReadPlan.joined(parts) == ranges)
    }
}

@Suite("Archives that a store is to get")
struct ShippingTests {
    let log: TestLog

    init() throws { log = try TestLog() }

    @Test("an archive is not removed for its age before the store has it")
    func age() async throws {
        let eventLog = try await log.open {
            $0.shipsArchives = true
            $0.maxAge = .seconds(60)
            $0.segmentBytes = 64 << 10
        }
        _ = try await eventLog.ingest(body((1...80).map { senderLine($0, padding: 1000) }))
        await eventLog.maintain()
        await eventLog.settle()
        log.clock.advance(by: .seconds(3600))
        await eventLog.maintain()
        #expect(eventLog.status.archives == 1)
        let waiting = try #require(try await eventLog.nextToShip())
        #expect(waiting.number == 1)
        #expect(eventLog.unshipped.segments == 1)
        try await eventLog.noteShipped(1)
        #expect(try await eventLog.nextToShip() == nil)
        await eventLog.maintain()
        #expect(eventLog.status.archives == 0)
        #expect(eventLog.isGone(waiting))
        await eventLog.close()
        #expect(
            ShippedFile.read(in: LogFolder(below: log.directory, files: PosixFileSystem())) == 1)
    }
}
