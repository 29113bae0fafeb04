import Archives
import Bucket
import EventLog
import Events
import Foundation
import Replication
import Secrets
import Synchronization
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Shipping

/// Two nodes on one log, against a real store.
@Suite("A pair's log in a bucket")
final class PairShippingTests: Sendable {
    private let place: StorePrefix

    init() async throws { place = try await StorePrefix("pair") }

    private var store: ObjectStore { place.store }
    private var folder: TemporaryDirectory { place.folder }

    private func bucket(_ endpoint: String? = nil) throws -> Bucket { try place.bucket(endpoint) }

    private func start(
        _ name: String, endpoint: String? = nil, delay: Duration = .milliseconds(50),
        lease: Duration = .seconds(2), goesOnAlone: Bool = false, otherLeads: Bool = false
    ) async throws -> PairNode {
        try await PairNode(
            name, at: place, endpoint: endpoint, delay: delay, lease: lease,
            goesOnAlone: goesOnAlone, otherLeads: otherLeads)
    }

    private func body(_ numbers: Range<Int>) -> [UInt8] { StorePrefix.events(numbers) }

    private func lines(_ log: EventLog) async throws -> [EventLogLine] {
        try await StorePrefix.lines(log)
    }

    @Test("a follower has the leader's lines at their positions, refuses others, and takes over")
    func follow() async throws {
        let first = try await start("a")
        try await first.untilLeading()
        let second = try await start("b")
        for part in 0..<8 {
            let receipt = try await first.eventLog.ingest(body((part * 100)..<(part * 100 + 100)))
            #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        }
        try await eventually("the follower has every line") {
            try await self.lines(second.eventLog) == self.lines(first.eventLog)
        }
        #expect(try await lines(second.eventLog).count == 800)
        #expect(second.eventLog.head.segment > 1, "over several segments")
        #expect(second.leadership.status.leader == "https://a")
        await #expect(throws: EventLogError.isCopy) {
            _ = try await second.eventLog.ingest(self.body(0..<1))
        }
        await first.kill()
        try await second.untilLeading()
        #expect(second.leadership.status.term == 2)
        let receipt = try await second.eventLog.ingest(body(700..<900))
        #expect(receipt.accepted == 100)
        #expect(receipt.duplicates == 100)

        // The folder of the first node has no other lines: it follows.
        let third = try await start("a")
        try await eventually("the first folder follows") {
            try await self.lines(third.eventLog) == self.lines(second.eventLog)
        }
        // A follower that restarts reads some objects again; their lines are there once.
        await third.kill()
        let fourth = try await start("a")
        _ = try await second.eventLog.ingest(body(900..<950))
        try await eventually("it has the new lines, once") {
            try await self.lines(fourth.eventLog) == self.lines(second.eventLog)
        }
        #expect(try await lines(fourth.eventLog).count == 950)
        await fourth.kill()
        await second.kill()
    }

    @Test("a follower with another configuration than the leader says so until it leads")
    func versions() async throws {
        let first = try await PairNode("a", at: place, policy: "sha256:one")
        try await first.untilLeading()
        let same = try await PairNode("b", at: place, policy: "sha256:one")
        try await eventually("it follows") { same.leadership.status.leader == "https://a" }
        #expect(same.leadership.status.differences.isEmpty)
        await same.kill()
        let other = try await PairNode("b", at: place, policy: "sha256:two")
        try await eventually("it compares") {
            other.leadership.status.differences == [.policy]
        }
        #expect(other.leadership.status.leader == "https://a")
        #expect(first.leadership.status.differences.isEmpty)
        await first.kill()
        try await other.untilLeading()
        #expect(other.leadership.status.differences.isEmpty)
        await other.kill()
    }

    @Test("a farewell lets the other node lead at once; the leader no longer acts before it")
    func farewell() async throws {
        let first = try await start("a")
        try await first.untilLeading()
        let second = try await start("b")
        let receipt = try await first.eventLog.ingest(body(0..<50))
        first.running.cancel()
        _ = await first.running.value
        await first.shipper.finish(within: .seconds(20))
        #expect(!first.leadership.canAct)
        #expect(first.shipper.mark.value.shipped == receipt.end)
        try await second.untilLeading()
        #expect(try await lines(second.eventLog).count == 50)
        await first.eventLog.close()
        await second.kill()
    }

    @Test("a leader whose store hangs ends when its lease does, and what it took is not lost")
    func hang() async throws {
        let proxy = try await StoreProxy.start(
            store, .init(faults: ["PUT": Array(repeating: .none, count: 7)], always: ["PUT": .hang])
        )
        let first = try await start("a", endpoint: proxy.endpoint)
        try await first.untilLeading()
        let second = try await start("b")
        // The log takes lines until the node knows that the lease is over.
        let receipt = try await first.eventLog.ingest(body(0..<50))
        #expect(receipt.accepted == 50)
        #expect(await first.running.value == .lapsed)
        #expect(first.leadership.status.role == .ended)
        try await second.untilLeading()
        _ = try await second.eventLog.ingest(body(50..<60))
        await first.eventLog.close()

        // The folder has lines that the bucket lacks: they are set aside, and it is restored.
        let third = try await start("a")
        #expect(await third.running.value == .setAside(lines: 50))
        await third.eventLog.close()
        let orphans = OrphanedLines(
            try bucket(), second.eventLog, of: second.shipper, telemetry: .silent)
        try await orphans.takeAll()
        let ids = try await lines(second.eventLog).map { try Event(line: $0.bytes).id }
        #expect(Set(ids) == Set((0..<60).map { "e\($0)" }))
        #expect(ids.count == 60)
        #expect(try await bucket().list(OrphanedLines.folder).isEmpty)
        let fourth = try await start("a")
        try await eventually("the restored folder follows") {
            try await self.lines(fourth.eventLog) == self.lines(second.eventLog)
        }
        await fourth.kill()
        await second.kill()
    }

    @Test("a decision of an overtaken leader is not taken in")
    func decisions() async throws {
        let first = try await start("a")
        try await first.untilLeading()
        let decision =
            #"{"ts":"2026-11-30T00:00:00Z","event":"silence.added","id":"d1","level":"info"}"#
        let text = Array((decision + "\n").utf8) + body(0..<1)
        let packed = try #require(PackedText.pack(text))
        try await bucket().put(OrphanedLines.object("x", 1), packed)
        let orphans = OrphanedLines(
            try bucket(), first.eventLog, of: first.shipper, telemetry: .silent)
        try await orphans.takeAll()
        #expect(try await lines(first.eventLog).map { try Event(line: $0.bytes).id } == ["e0"])
        await first.kill()
    }

    @Test(
        "without its bucket a node goes on alone unless the other one leads",
        arguments: [false, true])
    func alone(otherLeads: Bool) async throws {
        let proxy = try await StoreProxy.start(
            store,
            .init(
                faults: [
                    "PUT": Array(repeating: .none, count: 7),
                    "GET": Array(repeating: .none, count: 40),
                ],
                always: ["PUT": .refuse, "GET": .refuse, "HEAD": .refuse]))
        let node = try await start(
            "a", endpoint: proxy.endpoint, goesOnAlone: true, otherLeads: otherLeads)
        try await node.untilLeading()
        if otherLeads {
            #expect(await node.running.value == .lapsed)
            #expect(!node.leadership.canAct)
            await node.eventLog.close()
            return
        }
        try await eventually("it goes on alone", within: .seconds(60)) {
            node.leadership.status.role == .alone
        }
        #expect(node.leadership.canAct)
        let receipt = try await node.eventLog.ingest(body(0..<10))
        #expect(receipt.accepted == 10)
        #expect(node.shipper.mark.value.shipped < receipt.end)
        await node.kill()

        // Nobody led meanwhile: the node continues, and its lines get into the bucket.
        let again = try await start("a")
        try await again.untilLeading()
        #expect(await again.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        await again.kill()
    }

    @Test("a node that leads again after its store hung continues the log by the protocol")
    func again() async throws {
        // Of the leader's objects the second one hangs until the lease is over.
        let proxy = try await StoreProxy.start(
            store,
            .init(faults: [
                "PUT": Array(repeating: .none, count: 7) + [.hang],
                "HEAD": Array(repeating: .refuse, count: 12),
            ]))
        let node = try await start("a", endpoint: proxy.endpoint, goesOnAlone: true)
        try await node.untilLeading()
        let first = try await node.eventLog.ingest(body(0..<10))
        #expect(await node.shipper.mark.wait(for: first.end, within: .seconds(60)))
        #expect(node.leadership.status.term == 2)
        await node.kill()

        let other = try await start("b")
        try await eventually("the other node has every line") {
            try await self.lines(other.eventLog).count == 10
        }
        await other.kill()
        var replica = Replica(
            Replica.Rules(lease: nil), cluster: try PrefixOwner.ownID(in: folder.file("a")),
            node: "n", writer: "reader", now: .zero)
        try await SharedLog(bucket: try bucket()).objects(from: 1) { object throws(ShippingFault) in
            replica.saw(object, now: .zero)
        }
        #expect(replica.role == .following, "\(replica.role)")
        #expect(replica.next > 3)
    }

    @Test("a node that finds the log's newest object removed takes no number that was used")
    func removed() async throws {
        // Long enough for the removal before the takeover.
        let first = try await start("a", lease: .seconds(6))
        try await first.untilLeading()
        let second = try await start("b", lease: .seconds(6))
        let receipt = try await first.eventLog.ingest(body(0..<10))
        #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        try await eventually("the follower has the lines") {
            try await self.lines(second.eventLog).count == 10
        }
        await first.kill()
        // As if the second node had been stopped for a week in which others went on.
        for object in try await bucket().list("log/") { try await bucket().remove(object.name) }
        #expect(await second.running.value == .setAside(lines: 0))
        #expect(second.leadership.status.term == 1)
        #expect(try await bucket().list("log/").isEmpty)
        await second.eventLog.close()
    }

    @Test("a follower that cannot store an object's lines reads it again, and none behind it")
    func unstored() async throws {
        let first = try await start("a")
        try await first.untilLeading()
        let second = try await start("b")
        let known = try await first.eventLog.ingest(body(0..<10)).end
        try await eventually("the follower has the lines") {
            try await self.lines(second.eventLog).count == 10
        }
        // As a disk that takes nothing.
        await second.eventLog.close()
        let receipt = try await first.eventLog.ingest(body(10..<20))
        #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        // Objects without lines are behind it.
        let shipped = try #require(await first.shipper.record?.next)
        try await eventually("the leader goes on") {
            await first.shipper.record?.next ?? 0 > shipped + 2
        }
        try await eventually("the follower has tried again") {
            second.shipper.status.failures > 3
        }
        var numbers: [UInt64] = []
        try await SharedLog(bucket: try bucket()).objects(from: 1) { object throws(ShippingFault) in
            if object.kind == .data, object.from >= known {
                numbers.append(object.number)
            }
        }
        #expect(await second.shipper.record?.next == numbers.first)
        second.running.cancel()
        _ = await second.running.value
        await first.kill()
    }

    @Test("a follower that reads the bucket again has no fault left")
    func recovered() async throws {
        let first = try await start("a")
        try await first.untilLeading()
        let proxy = try await StoreProxy.start(
            store, .init(faults: ["GET": Array(repeating: .denied, count: 12)]))
        let second = try await start("b", endpoint: proxy.endpoint)
        try await eventually("it has failed") { second.shipper.status.failures > 2 }
        try await eventually("it follows") { second.leadership.status.leader == "https://a" }
        try await eventually("no fault is left") { second.shipper.status.failures == 0 }
        #expect(second.shipper.status == LogShipper.Status())
        #expect(second.leadership.status.role == .following)
        await second.kill()
        await first.kill()
    }

    @Test("objects that no node wrote hold up neither the log nor lines that were set aside")
    func foreignObjects() async throws {
        try await bucket().put("log/.keep", [1])
        let node = try await start("a")
        try await node.untilLeading()
        try await bucket().put(OrphanedLines.object("a", 1), [1, 2, 3])
        let packed = try #require(PackedText.pack(body(0..<2)))
        try await bucket().put(OrphanedLines.object("b", 1), packed)
        let orphans = OrphanedLines(
            try bucket(), node.eventLog, of: node.shipper, telemetry: .silent)
        try await orphans.takeAll()
        #expect(try await lines(node.eventLog).count == 2)
        #expect(
            try await bucket().list(OrphanedLines.folder).map(\.name)
                == [OrphanedLines.object("a", 1)])
        await node.kill()
    }

    @Test("the folder of a pair whose bucket is gone copies its log to a new one")
    func newBucket() async throws {
        let first = try await start("a")
        try await first.untilLeading()
        for part in 0..<4 {
            let receipt = try await first.eventLog.ingest(body((part * 100)..<(part * 100 + 100)))
            #expect(await first.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        }
        let held = try await lines(first.eventLog)
        #expect(held.count == 400)
        await first.kill()
        // As docs/pair.md says.
        for file in ["a/bucket.json", "a/log/shipped"] {
            try? FileManager.default.removeItem(atPath: folder.file(file))
        }
        let again = try await PairNode("a", at: place, suffix: "-new")
        try await again.untilLeading()
        let second = try await PairNode("b", at: place, suffix: "-new")
        try await eventually("the second node has every line") {
            try await self.lines(second.eventLog) == held
        }
        try await eventually("it follows") { second.leadership.status.leader == "https://a" }
        await second.kill()
        await again.kill()
    }

    @Test("a store that ignores the condition is not used")
    func condition() async throws {
        let proxy = try await StoreProxy.start(store, .init(always: ["PUT": .ignoreCondition]))
        let node = try await start("a", endpoint: proxy.endpoint)
        guard case .object(_, let words)? = await node.running.value else {
            Issue.record("it leads")
            return
        }
        #expect(words.contains("the store ignores the condition"))
        #expect(!node.leadership.canAct)
        await node.eventLog.close()
    }

    @Test("two new folders get one id and one key, whichever is first")
    func agree() async throws {
        let (a, b) = (folder.file("a"), folder.file("b"))
        for directory in [a, b] {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true)
        }
        let bucket = try bucket()
        async let first: Void = PairFolder.prepare(bucket, directory: a, node: "n")
        async let second: Void = PairFolder.prepare(bucket, directory: b, node: "n")
        _ = try await (first, second)
        #expect(try PrefixOwner.presentID(in: a) == PrefixOwner.presentID(in: b))
        #expect(SealKey.copy(of: a) != nil)
        #expect(SealKey.copy(of: a) == SealKey.copy(of: b))
        let other = folder.file("c")
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        await #expect(throws: ShippingFault.otherCluster(place: other)) {
            try await PairFolder.prepare(bucket, directory: other, node: "another")
        }
    }
}
