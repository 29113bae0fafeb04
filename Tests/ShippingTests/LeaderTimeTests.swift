import EventLog
import Events
import Foundation
import Replication
import Telemetry
import TestSupport
import Testing

@testable import Shipping

/// What a leader does between its writes must not cost its lease, nor hold up lines.
@Suite("A leader's time")
final class LeaderTimeTests: Sendable {
    private let place: StorePrefix

    init() async throws { place = try await StorePrefix("time") }

    @Test(
        "a daily probe without an answer holds up neither lines nor signs of life",
        arguments: [StoreProxy.Fault.hang, .denied])
    func probe(fault: StoreProxy.Fault) async throws {
        // The first probe has six writes.
        let proxy = try await StoreProxy.start(
            place.store,
            .init(
                faults: ["PUT": Array(repeating: .none, count: 6)], always: ["PUT": fault],
                only: "/probe/"))
        // A third of this lease is longer than the test waits for the line.
        let leader = try await PairNode(
            "a", at: place, endpoint: proxy.endpoint, lease: .seconds(240))
        try await leader.untilLeading()
        await leader.shipper.expireProbe()
        // Each pass of the leader looks whether a probe is due.
        var receipt = try await leader.eventLog.ingest(StorePrefix.events(0..<1))
        #expect(await leader.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        try await eventually("the probe is under way") {
            try proxy.requests().count { $0.contains("/probe/") } > 8
        }
        for number in 1..<6 {
            receipt = try await leader.eventLog.ingest(StorePrefix.events(number..<(number + 1)))
            #expect(await leader.shipper.mark.wait(for: receipt.end, within: .seconds(60)))
        }
        #expect(leader.leadership.canAct)
        #expect(leader.leadership.status.term == 1)
        #expect(leader.shipper.status.failures == 0)
        await leader.kill()
    }

    @Test("a leader whose store begins to ignore the condition is found out by its daily probe")
    func condition() async throws {
        let proxy = try await StoreProxy.start(
            place.store,
            .init(
                faults: ["PUT": Array(repeating: .none, count: 6)],
                always: ["PUT": .ignoreCondition], only: "/probe/"))
        let leader = try await PairNode("a", at: place, endpoint: proxy.endpoint)
        try await leader.untilLeading()
        await leader.shipper.expireProbe()
        guard case .object(_, let words)? = await leader.running.value else {
            Issue.record("it leads on")
            return
        }
        #expect(words.contains("the store ignores the condition"))
        #expect(!leader.leadership.canAct)
        await leader.eventLog.close()
    }

    @Test("lines never wait beyond the time at which the leader writes anyway")
    func pause() {
        let beat = Duration.milliseconds(3333)
        for ship in [100, 3332, 3333, 3334, 5000, 3_600_000].map({ Duration.milliseconds($0) }) {
            #expect(LogShipper.pause(ship, untilBeat: nil) == ship)
            #expect(LogShipper.pause(ship, untilBeat: .zero) == .zero)
            for left in [1, 1000, 3333].map({ Duration.milliseconds($0) }) {
                let pause = LogShipper.pause(ship, untilBeat: left)
                #expect(pause <= left && pause <= ship)
                #expect(pause == left || pause == ship)
            }
            #expect(LogShipper.pause(ship, untilBeat: beat) <= beat)
        }
    }

    @Test(
        "with `ship` near a third of the lease and far beyond, the leader keeps its lease",
        arguments: [1990, 2000, 2010, 3_600_000])
    func ship(milliseconds: Int) async throws {
        let leader = try await PairNode(
            "a", at: place, delay: .milliseconds(milliseconds), lease: .seconds(6))
        try await leader.untilLeading()
        let follower = try await PairNode("b", at: place, lease: .seconds(6))
        // Nobody waits for these lines, so that nothing hurries the leader.
        for number in 0..<3 {
            _ = try await leader.eventLog.ingest(StorePrefix.events(number..<(number + 1)))
            try await eventually("the follower has the line") {
                try await StorePrefix.lines(follower.eventLog).count == number + 1
            }
        }
        let next = try #require(await leader.shipper.record?.next)
        try await eventually("the leader shows that it is alive") {
            await leader.shipper.record?.next ?? 0 > next + 2
        }
        #expect(leader.leadership.canAct)
        #expect(leader.leadership.status.term == 1)
        #expect(follower.leadership.status.role == .following)
        await follower.kill()
        await leader.kill()
    }
}

extension LogShipper {
    /// As a day after the last probe.
    func expireProbe() { probedAt = now - .seconds(90_000) }
}
