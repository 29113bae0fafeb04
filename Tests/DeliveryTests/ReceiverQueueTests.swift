import GRDB
import Rendering
@testable import State
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Delivery

@Suite("The queue of one receiver")
struct ReceiverQueueTests {
    let bench: DeliveryBench

    init() throws { bench = try DeliveryBench() }

    private func failures() -> Double {
        bench.telemetry.registry.value("bellwether_outbox_failures_total") ?? 0
    }

    @Test("a try that ends after the stop is recorded, and the next run does not repeat it")
    func stopped() async throws {
        let gate = TestGate()
        let receiver = ScriptedReceiver("slack") { _, _, _ in
            await gate.pass()
            return .sent
        }
        let service = bench.service([receiver])
        let run = Task { await service.run() }
        try await bench.enqueue([Sample.digest("first")], service)
        await gate.arrivals()
        run.cancel()
        #expect(try await bench.count(.sent) == 0)
        gate.open()
        await run.value
        #expect(try await bench.count(.sent) == 1)

        let next = bench.service([receiver])
        try await bench.running(next) {
            try await bench.enqueue([Sample.digest("second")], next)
            try await eventually("the second is sent") { try await bench.count(.sent) == 2 }
        }
        #expect(receiver.calls.map(\.digest) == ["first", "second"])
    }

    @Test("a node whose lease is over sends nothing, nor a retry that is due, until it may again")
    func lease() async throws {
        let maySend = Mutex(true)
        let looks = Mutex(0)
        let receiver = ScriptedReceiver("slack") { _, _, turn in
            guard turn == 0 else { return .sent }
            // The lease ends while the receiver has the first digest.
            maySend.withLock { $0 = false }
            return .retry(after: nil)
        }
        let service = bench.service(
            [receiver],
            maySend: {
                looks.withLock { $0 += 1 }
                return maySend.withLock { $0 }
            })
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest("first"), Sample.digest("second")], service)
            try await eventually("the first try has ended") { receiver.calls.count == 1 }
            let before = looks.withLock { $0 }
            // The retry is due after about a second, the other digest at once.
            try await bench.passing(.seconds(1), until: "it has looked for some time") {
                looks.withLock { $0 } > before + 30
            }
            #expect(receiver.calls.count == 1)
            #expect(try await bench.count(.waiting) == 2)
            maySend.withLock { $0 = true }
            try await bench.passing(until: "both are sent") { try await bench.count(.sent) == 2 }
        }
        #expect(Set(receiver.calls.map(\.digest)) == ["first", "second"])
        #expect(receiver.calls.count == 3)
    }

    @Test("an outcome that cannot be stored is stored later, and nothing is sent meanwhile")
    func storeFails() async throws {
        let other = try Store(path: bench.store.path)
        let receiver = ScriptedReceiver("slack") { _, _, turn in
            // The digest is taken; from now on its row cannot be changed.
            if turn == 0 {
                _ = try? await other.write { db in
                    try db.connection.execute(
                        sql: """
                            CREATE TRIGGER refuse BEFORE UPDATE ON outbox
                            BEGIN SELECT RAISE(ABORT, 'disk full'); END
                            """)
                }
            }
            return .sent
        }
        let service = bench.service([receiver])
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest("first"), Sample.digest("second")], service)
            try await bench.passing(until: "it failed three times") { failures() >= 3 }
            #expect(receiver.calls.map(\.digest) == ["first"])
            #expect(try await bench.count(.waiting) == 2)
            try await other.write { db in try db.connection.execute(sql: "DROP TRIGGER refuse") }
            try await bench.passing(until: "both are sent") { try await bench.count(.sent) == 2 }
        }
        #expect(receiver.calls.map(\.digest) == ["first", "second"])
    }

    @Test("receivers replaced during a try: its outcome counts, the rest goes to the new ones")
    func replaced() async throws {
        let gate = TestGate()
        let old = ScriptedReceiver("slack") { _, _, _ in
            await gate.pass()
            return .sent
        }
        let new = ScriptedReceiver("slack") { _, _, _ in .sent }
        let service = bench.service([old])
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest("first"), Sample.digest("second")], service)
            await gate.arrivals()
            service.replace(receivers: [new])
            // Deliveries of the try under way are not given to the new queue.
            try await bench.enqueue([Sample.digest("third")], service)
            #expect(new.calls.isEmpty)
            gate.open()
            try await eventually("all are sent") { try await bench.count(.sent) == 3 }
        }
        #expect(old.calls.map(\.digest) == ["first"])
        #expect(new.calls.map(\.digest) == ["second", "third"])
    }

    @Test("a try that reports nothing for a recipient is repeated for that recipient only")
    func silentRecipient() async throws {
        let receiver = PartialReceiver()
        let service = bench.service([receiver])
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest("first")], service)
            try await bench.passing(until: "both have it") { try await bench.count(.sent) == 2 }
        }
        #expect(await receiver.asked == [["a@x", "b@x"], ["b@x"]])
    }

    /// Reports only the first recipient of each try.
    private actor PartialReceiver: Receiver {
        nonisolated let name = "mail"
        nonisolated let kind = "scripted"
        nonisolated let recipients = ["a@x", "b@x"]
        private(set) var asked: [[String]] = []

        func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt {
            asked.append(recipients.sorted())
            return DeliveryAttempt(
                results: recipients.sorted().prefix(1).map {
                    DeliveryAttempt.Result(recipient: $0, outcome: .sent, words: "ok")
                })
        }
    }
}
