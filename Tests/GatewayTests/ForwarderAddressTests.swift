import Core
import EventLog
import Events
import HTTPTypes
import Server
import TestSupport
import Testing
import Transfer

@testable import Gateway

@Suite("Forwarding to one of several addresses")
struct ForwarderAddressTests {
    private func numbers(_ range: ClosedRange<Int>) -> [String] { range.map { "\($0)" } }

    /// Waits until everything in the node's log is acknowledged.
    private func acknowledged(_ forwarder: Forwarder, _ node: ForwardingNode) async throws {
        try await eventually("all are acknowledged") {
            forwarder.status.acknowledged == node.eventLog.head
        }
    }

    private func pair() async throws -> (ScriptedNotifier, ScriptedNotifier) {
        (
            try await ScriptedNotifier("notifier-a", isOpen: true),
            try await ScriptedNotifier("notifier-b", isOpen: true)
        )
    }

    @Test("a follower refuses once, the leader gets everything, and stays in use")
    func leader() async throws {
        let node = try await ForwardingNode()
        let (follower, leader) = try await pair()
        follower.follow()
        let forwarder = node.forwarder(ForwardingNode.configuration([follower, leader]))
        try await node.running(forwarder) {
            for number in 1...5 {
                try await node.append(["\(number)"])
                try await acknowledged(forwarder, node)
            }
        }
        #expect(try await leader.messages() == numbers(1...5))
        #expect(try await follower.messages().isEmpty)
        #expect(follower.requests == 1 && leader.requests == 5)
        #expect(forwarder.status.notifier == leader.url)
        await follower.stop()
        await leader.stop()
        await node.stop()
    }

    @Test("when the notifier in use goes away, the other one gets what was not acknowledged")
    func takeover() async throws {
        let node = try await ForwardingNode()
        let (first, second) = try await pair()
        second.follow()
        let forwarder = node.forwarder(ForwardingNode.configuration([first, second]))
        try await node.running(forwarder) {
            try await node.append(numbers(1...3))
            try await acknowledged(forwarder, node)
            await first.stop()
            try await node.append(numbers(4...6))
            try await eventually("both refuse") { second.requests >= 2 }
            second.lead()
            try await acknowledged(forwarder, node)
        }
        #expect(try await second.messages() == numbers(4...6))
        await second.stop()
        await node.stop()
    }

    @Test("a redirect to one of the addresses is followed to it, past those in between")
    func redirect() async throws {
        let node = try await ForwardingNode()
        let (first, second) = try await pair()
        let third = try await ScriptedNotifier("notifier-c", isOpen: true)
        first.script.change { [url = third.url] in $0.redirect = url + "/v1/events" }
        let forwarder = node.forwarder(ForwardingNode.configuration([first, second, third]))
        try await node.running(forwarder) {
            try await node.append(["1"])
            try await acknowledged(forwarder, node)
        }
        #expect(try await third.messages() == ["1"])
        #expect(second.requests == 0)
        for notifier in [first, second, third] { await notifier.stop() }
        await node.stop()
    }

    @Test("a redirect to any other address is not followed: it would get the token")
    func foreignRedirect() async throws {
        let node = try await ForwardingNode()
        let (first, stranger) = try await pair()
        first.script.change { [url = stranger.url] in $0.redirect = url + "/v1/events" }
        let forwarder = node.forwarder(ForwardingNode.configuration([first]))
        try await node.running(forwarder) {
            try await node.append(["1"])
            try await eventually("it failed twice") { forwarder.status.failuresInARow >= 2 }
            #expect(forwarder.status.fault.contains("answered 307"))
        }
        #expect(stranger.requests == 0)
        await first.stop()
        await stranger.stop()
        await node.stop()
    }

    @Test("a notifier that has no room for this sender is waited for; the other gets nothing")
    func overQuota() async throws {
        let node = try await ForwardingNode()
        let (first, second) = try await pair()
        first.script.change {
            $0.refusal = .retryLater(
                .tooManyRequests, "log_share_used", "later", after: .seconds(1))
        }
        let forwarder = node.forwarder(ForwardingNode.configuration([first, second]))
        try await node.running(forwarder) {
            try await node.append(["1"])
            try await eventually("it is refused twice") { first.requests >= 2 }
            first.lead()
            try await acknowledged(forwarder, node)
        }
        #expect(try await first.messages() == ["1"])
        #expect(second.requests == 0)
        await first.stop()
        await second.stop()
        await node.stop()
    }

    // MARK: - The choice alone

    private func addresses(_ count: Int, _ clock: ManualClock) -> NotifierAddresses {
        NotifierAddresses(
            (0..<count).map { "https://n\($0):8443" },
            retry: RetryPolicy(initial: .seconds(1), factor: 2, ceiling: .seconds(30)),
            clock: clock)
    }

    @Test("an address is left alone for its own delay, however often the others fail")
    func delays() throws {
        let clock = ManualClock()
        let addresses = addresses(2, clock)
        var tried: [Int: [Duration]] = [:]
        var elapsed = Duration.zero
        // Both refuse for ten minutes, as followers that wait for a lease.
        while elapsed < .seconds(600) {
            let choice = try #require(addresses.choice)
            if choice.wait == .zero {
                tried[choice.index, default: []].append(elapsed)
                addresses.failed(
                    choice, retryAfter: .seconds(4), redirect: nil, advances: true)
                continue
            }
            clock.advance(by: choice.wait)
            elapsed += choice.wait
        }
        for times in tried.values {
            #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= .seconds(4) })
            #expect(times.count >= 100, "and is tried again soon after it")
        }
        #expect(tried.count == 2)
    }

    @Test("without Retry-After the delay grows to the ceiling, and a success resets it")
    func growth() throws {
        let clock = ManualClock()
        let addresses = addresses(1, clock)
        var waits: [Duration] = []
        for _ in 0..<50 {
            let choice = try #require(addresses.choice)
            clock.advance(by: choice.wait)
            addresses.failed(
                choice, retryAfter: .milliseconds(1), redirect: nil, advances: true)
            waits.append(try #require(addresses.choice).wait)
        }
        #expect(waits.allSatisfy { $0 <= .seconds(30) })
        #expect(try #require(waits.first) <= .seconds(1))
        #expect(try #require(waits.max()) > .seconds(8))
        addresses.succeeded(try #require(addresses.choice))
        #expect(addresses.choice?.wait == .zero)
    }

    @Test("two addresses that redirect to each other are each tried once in a delay")
    func redirectLoop() throws {
        let clock = ManualClock()
        let addresses = addresses(2, clock)
        for index in 0..<2 {
            let choice = try #require(addresses.choice)
            #expect(choice.index == index && choice.wait == .zero)
            addresses.failed(
                choice, retryAfter: .seconds(5), redirect: "https://n\(1 - index):8443/v1/events",
                advances: true)
        }
        #expect(try #require(addresses.choice).wait >= .seconds(5))
    }

    @Test("a redirect names an address only by its whole origin")
    func redirectPrefix() throws {
        let addresses = NotifierAddresses(
            ["https://a:1", "https://b:84", "https://c:84"],
            retry: RetryPolicy(initial: .seconds(1), factor: 2, ceiling: .seconds(30)),
            clock: ManualClock())
        let choice = try #require(addresses.choice)
        addresses.failed(
            choice, retryAfter: nil, redirect: "https://c:8443/v1/events", advances: true)
        #expect(addresses.choice?.url == "https://b:84")
    }
}
