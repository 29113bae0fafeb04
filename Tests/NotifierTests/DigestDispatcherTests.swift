import Delivery
import Digests
import Events
import Foundation
import GRDB
import Notifier
import Rendering
@testable import State
import Synchronization
import TestSupport
import Testing

@Suite("Handing digests over to delivery")
struct DigestDispatcherTests {
    private static let now = Timestamp(milliseconds: 1_766_000_000_000)
    let folder: TemporaryDirectory
    let store: Store

    init() throws {
        folder = try TemporaryDirectory()
        store = try Store(path: folder.file("state.sqlite"))
    }

    /// Only its addressees are used.
    private struct Destination: Receiver {
        let name: String
        let recipients: [String]
        var kind: String { "scripted" }

        func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt {
            DeliveryAttempt(results: [])
        }
    }

    /// A plan whose subjects and recipients name it.
    private func plan(_ name: String, receivers: [String]) throws -> DigestDispatcher.Plan {
        let templates = folder.file("templates-\(name)")
        try FileManager.default.createDirectory(
            atPath: templates, withIntermediateDirectories: true)
        try "subject of \(name)".write(
            toFile: templates + "/subject.mustache", atomically: true, encoding: .utf8)
        return DigestDispatcher.Plan(
            renderer: Renderer(templatesDirectory: templates),
            receivers: receivers.map { Destination(name: $0, recipients: ["\(name)@\($0)"]) })
    }

    private func digest(_ id: String, to receivers: [String]) throws -> Digest {
        var digest = try #require(SampleDigests.named.first).digest
        (digest.id, digest.thread, digest.receivers) = (id, id, receivers)
        return digest
    }

    private func dispatcher(_ plan: DigestDispatcher.Plan) -> (DigestDispatcher, Counter) {
        let woken = Counter()
        return (
            DigestDispatcher(plan) { woken.add() }, woken
        )
    }

    private final class Counter: Sendable {
        private let count = Atomic(0)
        func add() { count.add(1, ordering: .relaxed) }
        var value: Int { count.load(ordering: .relaxed) }
    }

    private func enqueue(
        _ dispatcher: DigestDispatcher, _ rendered: RenderedDigest, of digest: Digest,
        in db: Store.Transaction
    ) throws {
        try dispatcher.enqueue(
            rendered, of: digest, to: dispatcher.addressees(of: digest), at: Self.now, in: db)
    }

    /// `digest>recipient` of each delivery, sorted.
    private func deliveries() async throws -> [String] {
        try await store.read { db in try Outbox.list(db) }
            .map { "\($0.digest)>\($0.addressee.recipient)" }.sorted()
    }

    @Test("a reload between rendering and storing: the old text, to the receivers in force")
    func reloaded() async throws {
        let (dispatcher, _) = dispatcher(try plan("old", receivers: ["slack", "mail"]))
        let digest = try digest("d1", to: ["slack", "mail", "unknown"])
        let rendered = dispatcher.render(digest)
        dispatcher.replace(plan: try plan("new", receivers: ["slack", "pager"]))
        try await store.write { db in try enqueue(dispatcher, rendered, of: digest, in: db) }
        #expect(try await deliveries() == ["d1>new@slack"])
        let stored = try #require(try await store.read { db in try Outbox.list(db) }.first)
        #expect(stored.subject == "subject of old")
        // The bytes of a stored digest never change, also when it is composed again.
        let again = dispatcher.render(digest)
        #expect(again.subject == "subject of new")
        try await store.write { db in try enqueue(dispatcher, again, of: digest, in: db) }
        let kept = try await store.read { db in try Outbox.list(db) }
        #expect(kept.map(\.subject) == ["subject of old"])
    }

    @Test("a transaction that fails stores nothing, and composing again stores it once")
    func rolledBack() async throws {
        struct Refused: Error {}
        let (dispatcher, woken) = dispatcher(try plan("a", receivers: ["slack"]))
        let digest = try digest("d1", to: ["slack"])
        let rendered = dispatcher.render(digest)
        await #expect(throws: Refused.self) {
            try await store.write { db in
                try enqueue(dispatcher, rendered, of: digest, in: db)
                throw Refused()
            }
        }
        #expect(try await deliveries().isEmpty)
        #expect(woken.value == 0)
        for _ in 0..<2 {
            try await store.write { db in try enqueue(dispatcher, rendered, of: digest, in: db) }
            dispatcher.wake()
        }
        #expect(try await deliveries() == ["d1>a@slack"])
        #expect(woken.value == 2)
    }

    @Test("a digest that replaces one still waiting takes its place, at each receiver")
    func replacing() async throws {
        let (dispatcher, _) = dispatcher(try plan("a", receivers: ["slack", "mail"]))
        let first = try digest("d1", to: ["slack", "mail"])
        var second = try digest("d2", to: ["slack"])
        second.replaces = [
            Digest.Replaced(id: "d1", receiver: "slack"),
            Digest.Replaced(id: "never-stored", receiver: "slack"),
        ]
        let (one, two) = (first, second)
        try await store.write { db in
            try enqueue(dispatcher, dispatcher.render(one), of: one, in: db)
            try enqueue(dispatcher, dispatcher.render(two), of: two, in: db)
        }
        let waiting = try await store.read { db in try Outbox.list(db) }
            .filter { $0.state == .waiting }.map { "\($0.digest)>\($0.addressee.recipient)" }
        #expect(waiting.sorted() == ["d1>a@mail", "d2>a@slack"])
    }

    @Test("reloads during digests: each digest goes to the receivers of one plan")
    func reloads() async throws {
        let receivers = ["slack", "mail"]
        let plans = [try plan("a", receivers: receivers), try plan("b", receivers: receivers)]
        let (dispatcher, _) = dispatcher(plans[0])
        let digests = try (0..<40).map { try digest("d\($0)", to: receivers) }
        let store = store
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for round in 0..<200 {
                    dispatcher.replace(plan: plans[round % 2])
                    await Task.yield()
                }
            }
            for digest in digests {
                group.addTask {
                    let rendered = dispatcher.render(digest)
                    try await store.write { db in
                        try enqueue(dispatcher, rendered, of: digest, in: db)
                    }
                }
            }
            try await group.waitForAll()
        }
        var plansOf: [String: Set<Character>] = [:]
        let stored = try await deliveries()
        #expect(stored.count == 80)
        for delivery in stored {
            let parts = delivery.split(separator: ">")
            plansOf[String(parts[0]), default: []].insert(try #require(parts[1].first))
        }
        #expect(plansOf.count == 40)
        #expect(plansOf.values.allSatisfy { $0.count == 1 })
    }
}
