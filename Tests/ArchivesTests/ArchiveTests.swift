import Events
import Foundation
import Secrets
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Archives
@testable import Bucket
@testable import EventLog

/// A real log, a real store, and a proxy before it that makes requests fail.
@Suite("Archives in a bucket")
final class ArchiveTests: Sendable {
    let store: ObjectStore
    let engine = TransferEngine(telemetry: .silent)
    let folder: TemporaryDirectory
    let clock = ManualClock(startingAt: WallClock.system.now)
    /// Of this test alone.
    let prefix = "s3://\(ObjectStore.bucket)/archives/\(UInt64.random(in: .min ... .max))"
    let telemetry = Telemetry.silent

    init() async throws {
        store = try await ObjectStore.shared()
        folder = try TemporaryDirectory("archives")
    }

    deinit { engine.shutdown() }

    private func bucket(_ endpoint: String? = nil) throws -> Bucket {
        Bucket(
            try BucketLocation(url: prefix, endpoint: endpoint ?? store.endpoint),
            credentials: BucketCredentialChain([
                ConfiguredKeys(
                    accessKey: .value(ObjectStore.accessKey),
                    secretKey: .value(ObjectStore.secretKey))
            ]), engine: engine, tls: .system, clock: .system, idle: .seconds(1), sleep: { _ in })
    }

    private func open(maxBytes: Int = 1 << 30) async throws -> EventLog {
        var configuration = EventLogConfiguration(
            directory: folder.path, node: "gw-a1", maxBytes: maxBytes, minFree: 0,
            segmentBytes: 64 << 10, ballastBytes: 0)
        configuration.shipsArchives = true
        return try await EventLog.open(
            configuration, clock: clock.wall, telemetry: telemetry, files: PosixFileSystem(),
            monotonic: clock)
    }

    private func shipper(
        _ log: EventLog, _ bucket: Bucket, id: String = "a", keep: Duration = .seconds(90 * 86_400)
    ) -> ArchiveShipper {
        ArchiveShipper(
            ArchiveShipper.Plan(node: "gw-a1", id: id, ship: .seconds(1), keep: keep), log: log,
            bucket: bucket, telemetry: telemetry, clock: clock.wall, sleep: { _ in })
    }

    private let perSegment = 64

    /// Appends whole segments of lines that do not compress, and seals each; returns how many lines
    /// the log accepted.
    @discardableResult
    private func fill(_ log: EventLog, _ segments: Range<Int>) async throws -> Int {
        var accepted = 0
        var random = SeededRandom(seed: UInt64(segments.lowerBound + 1))
        for segment in segments {
            let lines = (0..<perSegment).map { i -> String in
                let seq = segment * perSegment + i + 1
                let noise = (0..<100).map { _ in String(random.next(), radix: 36) }.joined()
                return #"{"ts":"\#(clock.wall.now.rfc3339)","event":"analysis.degraded","#
                    + #""id":"line-\#(seq)","node":"gw-b","epoch":"e","seq":\#(seq),"#
                    + #""rollout":"r\#(seq % 3)","noise":"\#(noise)"}"#
            }
            let body = Array(lines.map { $0 + "\n" }.joined().utf8)
            accepted += try await log.ingest(body).accepted
            await log.maintain()
            await log.settle()
            clock.advance(by: .seconds(1))
        }
        return accepted
    }

    private func seqs(_ log: EventLogFiles, _ query: EventLogQuery = .all) async throws -> [Int] {
        var reader = log.reader(query: query)
        var seqs: [Int] = []
        while true {
            let batch = try await reader.next()
            #expect(batch.damaged == 0)
            for line in batch.lines {
                let event = try Event(line: line.bytes)
                if event.node == "gw-b", let seq = event.seq { seqs.append(Int(seq)) }
            }
            if batch.isCaughtUp { return seqs }
        }
    }

    private func filter(_ text: String) throws -> EventLogQuery {
        EventLogQuery(where: try Filter(text, FilterFields.events.orAny))
    }

    @Test("a segment whose lines the bucket's log lacks waits, and the bucket is not complete")
    func due() async throws {
        let bucket = try bucket()
        let log = try await open()
        try await fill(log, 0..<2)
        let waiting = ArchiveShipper(
            ArchiveShipper.Plan(
                node: "gw-a1", id: "a", ship: .seconds(1), keep: .seconds(86_400),
                isDue: { _ in false }),
            log: log, bucket: bucket, telemetry: telemetry, clock: clock.wall, sleep: { _ in })
        let before = try await waiting.pass()
        #expect(!before)
        #expect(try await bucket.list("seg/").isEmpty)
        let after = try await shipper(log, bucket).pass()
        #expect(after)
        #expect(log.unshipped.segments == 0)
        await log.close()
    }

    @Test("archives go to the bucket in order, then leave the disk; both are read as one log")
    func ship() async throws {
        let bucket = try bucket()
        let log = try await open(maxBytes: 1 << 20)
        let shipper = shipper(log, bucket)
        let segments = 24
        for segment in 0..<segments {
            try await fill(log, segment..<segment + 1)
            try await shipper.pass()
            #expect(log.unshipped.segments == 0)
            #expect(log.status.usedBytes <= 1 << 20)
        }
        let lines = segments * perSegment
        let all = Array(1...lines)
        #expect(log.status.oldestSegment > 10)
        let sealed = Int(log.head.segment) - 1
        let names = try await bucket.list("seg/").map(\.name)
        #expect(names.count == 2 * sealed)
        #expect(names.allSatisfy { BucketSegments.file($0) != nil })

        // The bucket alone.
        let segmentStore = BucketSegments(bucket)
        let cache = folder.file("cache")
        let stored = EventLogFiles(store: segmentStore, cache: cache)
        let there = try await seqs(stored)
        #expect(there == Array(1...there.count) && there.count >= (sealed - 1) * perSegment)
        let report = try await stored.verify()
        #expect(report.isSound, "\(report.damage)")
        #expect(report.segments == sealed)
        #expect(try await stored.stats().segments.count == sealed)
        #expect(try await stored.last(3).lines.count == 3)

        // One id costs few requests: a listing, an index each, and one member.
        let one = EventLogFiles(store: segmentStore)
        #expect(try await seqs(one, try filter("id=line-700")) == [700])
        let reading = try #require(one.storeReading)
        #expect(reading.requests <= sealed + 4)
        #expect(reading.bytes < 512 << 10)
        // The second time, the indexes are on this machine.
        let again = EventLogFiles(store: segmentStore, cache: cache)
        #expect(try await seqs(again, try filter("id=line-700")) == [700])
        #expect(try #require(again.storeReading).requests <= 3)
        let count = EventLogFiles(store: segmentStore)
        let counts = try await count.count(by: "rollout", query: try filter("node=gw-b"))
        #expect(counts.rows.reduce(0) { $0 + $1.count } == there.count)
        #expect(counts.skipped == 0)

        // Both together, from the files and in the node.
        let both = EventLogFiles(directory: folder.path, store: segmentStore)
        #expect(try await EventLogFiles(directory: folder.path).reachesBeyondDisk(.all))
        #expect(try await seqs(both) == all)
        #expect(try await both.count(by: "event").skipped == 0)
        #expect(try await seqs(EventLogFiles(directory: folder.path)).count < lines)
        await log.addStore(segmentStore, cache: nil)
        #expect(try await seqs(log.reaching(.all, from: .start)) == all)
        // Recent lines do not need the bucket.
        #expect(log.reaching(.all, from: log.head).storeReading == nil)
        #expect(log.reaching(.all, from: nil).storeReading == nil)
        #expect(try await seqs(log.reaching(.all, from: .start), try filter("event=log.gap")) == [])
        await log.close()

        // The cursor survives a restart, and nothing is sent again.
        let before = try await bucket.list("")
        let opened = try await open(maxBytes: 1 << 20)
        #expect(opened.shipped == UInt64(sealed))
        #expect(try await opened.nextToShip() == nil)
        try await self.shipper(opened, bucket).pass()
        await opened.close()
        #expect(try await bucket.list("") == before)
    }

    @Test(
        "a request that fails in passing costs no segment and writes none twice",
        arguments: [
            StoreProxy.Fault.busy, .conflict, .refuse, .loseAnswer, .hang,
        ])
    func passing(fault: StoreProxy.Fault) async throws {
        let proxy = try await StoreProxy.start(
            store,
            .init(faults: [
                "PUT": [fault, fault, .none, fault], "HEAD": [.none, .refuse], "GET": [.cutBody],
            ]))
        let bucket = try bucket(proxy.endpoint)
        let log = try await open()
        try await fill(log, 0..<3)
        try await shipper(log, bucket).pass()
        #expect(log.unshipped.segments == 0)
        let stored = EventLogFiles(store: BucketSegments(bucket))
        #expect(try await seqs(stored) == Array(1...3 * perSegment))
        #expect(try await stored.verify().isSound)
        #expect(try await bucket.list("seg/").count == 6)
        await log.close()
    }

    @Test("a refusal stops the cursor and is final for no segment")
    func denied() async throws {
        let proxy = try await StoreProxy.start(
            store, .init(faults: ["PUT": [.none, .none, .none, .denied, .denied]]))
        let bucket = try bucket(proxy.endpoint)
        let log = try await open()
        try await fill(log, 0..<3)
        let shipper = shipper(log, bucket)
        // The owner's object, the first segment, then a refusal, also with renewed keys.
        let fault = await #expect(throws: BucketFault.self) { try await shipper.pass() }
        #expect(fault?.kind == .denied)
        #expect(log.shipped == 1)
        #expect(log.unshipped.segments == 2)
        try await shipper.pass()
        #expect(log.unshipped.segments == 0)
        #expect(
            try await seqs(EventLogFiles(store: BucketSegments(try self.bucket())))
                == Array(1...3 * perSegment))
        await log.close()
    }

    @Test("with the bucket away the log keeps its quota, takes lines, and counts what it removes")
    func away() async throws {
        let log = try await open(maxBytes: 1 << 20)
        let unreachable = try bucket("http://127.0.0.1:1")
        let shipper = shipper(log, unreachable)
        var accepted = 0
        for segment in 0..<24 {
            accepted += try await fill(log, segment..<segment + 1)
            #expect(log.status.usedBytes <= 1 << 20)
        }
        #expect(accepted == 24 * perSegment)
        let fault = await #expect(throws: BucketFault.self) { try await shipper.pass() }
        #expect(fault?.kind == .unreachable)
        await log.close()

        // What was removed is counted, and reported by events of the log.
        let files = EventLogFiles(directory: folder.path)
        let kept = try await seqs(files).count
        let metric = telemetry.registry.exposition().split(separator: "\n").first {
            $0.hasPrefix("bellwether_log_unshipped_lost_total ")
        }
        let lost = try #require(metric?.split(separator: " ").last.flatMap { Int($0) })
        #expect(kept < accepted)
        // Events of the log itself are among the lines of a removed segment.
        #expect((accepted...accepted + 5).contains(kept + lost))
        var reader = files.reader(query: try filter("event=log.gap"))
        let reports = try await reader.next().lines.map { try Event(line: $0.bytes) }
        #expect(!reports.isEmpty)
        #expect(reports.allSatisfy { $0.message?.contains("before the bucket had them") == true })

        // The bucket is back: what is left goes there.
        let opened = try await open(maxBytes: 1 << 20)
        try await self.shipper(opened, try bucket()).pass()
        #expect(opened.unshipped.segments == 0)
        await opened.close()
    }

    @Test("a prefix has one owner; another log is refused there and writes nothing")
    func owner() async throws {
        let bucket = try bucket()
        let log = try await open()
        try await fill(log, 0..<1)
        let first = shipper(log, bucket, id: "one")
        try await first.claim(within: .seconds(60))
        try await first.pass()
        let before = try await bucket.list("")
        let second = shipper(log, bucket, id: "two")
        let taken = await #expect(throws: PrefixTaken.self) {
            try await second.claim(within: .seconds(60))
        }
        #expect(taken?.description.contains("gw-a1") == true)
        let fault = await #expect(throws: BucketFault.self) { try await second.pass() }
        #expect(fault?.kind == .taken)
        #expect(try await bucket.list("") == before)
        // The same id after a restart is the same node; no answer is no refusal.
        try await shipper(log, bucket, id: "one").claim(within: .seconds(60))
        try await shipper(log, try self.bucket("http://127.0.0.1:1"), id: "two")
            .claim(within: .milliseconds(50))
        await log.close()
        let id = try PrefixOwner.ownID(in: folder.path)
        #expect(id.count == 32)
        #expect(try PrefixOwner.ownID(in: folder.path) == id)
    }

    @Test("segments older than keep are removed from the bucket, and no other object is")
    func keep() async throws {
        let bucket = try bucket()
        let log = try await open()
        try await fill(log, 0..<3)
        clock.advance(by: .seconds(7200))
        try await fill(log, 3..<5)
        for name in ["seg/note.txt", "seg/2026-01-01/other.jsonl.gz", "other"] {
            try await bucket.put(name, [1])
        }
        // The third segment ends when the fourth begins, so it is younger than an hour.
        try await shipper(log, bucket, keep: .seconds(3600)).pass()
        let names = try await bucket.list("").map(\.name)
        #expect(names.filter { $0.hasSuffix("Z-000001.idx") || $0.contains("-000002.") } == [])
        #expect(names.filter { $0.contains("-000003.") }.count == 2)
        #expect(names.count { BucketSegments.file($0) != nil } == 6)
        for name in ["seg/note.txt", "seg/2026-01-01/other.jsonl.gz", "other", "cluster"] {
            #expect(names.contains(name))
        }
        await log.close()
    }

    @Test("a clock that is set forward removes nothing from the bucket until it is confirmed")
    func setForward() async throws {
        let bucket = try bucket()
        let log = try await open()
        try await fill(log, 0..<4)
        clock.setWall(by: .seconds(91 * 86_400))
        await log.maintain()
        let shipper = shipper(log, bucket)
        try await shipper.pass()
        #expect(try await bucket.list("seg/").count == 8)
        clock.advance(by: .seconds(86_400))
        await log.maintain()
        try await fill(log, 4..<6)
        try await shipper.pass()
        let names = try await bucket.list("seg/").map(\.name)
        #expect(names.filter { $0.contains("-000001.") } == [])
        await log.close()
    }

    @Test("a clock that was set forward removes no segment")
    func clockSetForward() async throws {
        let bucket = try bucket()
        let log = try await open()
        try await fill(log, 0..<3)
        try await shipper(log, bucket).pass()
        let before = try await bucket.list("seg/")
        #expect(before.count == 6)
        clock.advance(by: .seconds(400 * 86_400))
        let ahead = Bucket(
            bucket.location,
            credentials: BucketCredentialChain([
                ConfiguredKeys(
                    accessKey: .value(ObjectStore.accessKey),
                    secretKey: .value(ObjectStore.secretKey))
            ]), engine: engine, tls: .system, clock: clock.wall, sleep: { _ in })
        await #expect(throws: BucketFault.self) { try await self.shipper(log, ahead).pass() }
        #expect(try await bucket.list("seg/") == before)
        await log.close()
    }
}
