import Events
import GRDB
@testable import State
import TestSupport
import Testing
import Transfer

@testable import Delivery

@Suite("Deliveries when the clock is set")
struct DeliveryClockTests {
    static let steps = [
        Duration.seconds(86_400), .seconds(-86_400), .seconds(-365 * 86_400),
        .seconds(365 * 86_400),
    ]
    let bench: DeliveryBench

    init() throws { bench = try DeliveryBench() }

    /// Fails once with a pause of ten minutes, then accepts everything.
    private static func busy() -> ScriptedReceiver {
        ScriptedReceiver("slack") { _, _, turn in
            turn == 0 ? .retry(after: .seconds(600)) : .sent
        }
    }

    @Test("a retry is sent at its original time, once", arguments: steps)
    func retry(step: Duration) async throws {
        let receiver = Self.busy()
        let service = bench.service([receiver])
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest()], service)
            try await eventually("the first try failed") {
                try await bench.entries().first?.tries == 1
            }
            bench.clock.setWall(by: step)
            // Let the service read the clock.
            try await bench.passing(.seconds(1), until: "the delivery moved with the clock") {
                let due = try await bench.entries().first?.due
                return due.map {
                    $0 - bench.clock.wall.now <= .seconds(600) && $0 > bench.clock.wall.now
                }
                    ?? false
            }
            let due = try #require(try await bench.entries().first?.due)
            bench.clock.advance(by: due - bench.clock.wall.now - .seconds(1))
            #expect(receiver.calls.count == 1)
            try await bench.passing(.milliseconds(500), until: "it is sent") {
                try await bench.count(.sent) == 1
            }
            let tried = try #require(try await bench.entries().first?.lastTried)
            #expect(tried >= due && tried - due < .seconds(3600))
            bench.clock.advance(by: .seconds(3600))
        }
        #expect(receiver.calls.count == 2)
    }

    @Test("a forward jump makes no dead letter of a delivery that just began")
    func allowance() async throws {
        let receiver = ScriptedReceiver("slack") { _, _, turn in
            turn < 3 ? .retry(after: .seconds(60)) : .sent
        }
        let service = bench.service([receiver])
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest()], service)
            try await eventually("the first try failed") { receiver.calls.count == 1 }
            bench.clock.setWall(by: .seconds(2 * 86_400))
            try await bench.passing(.seconds(1), until: "it is sent") {
                try await bench.count(.sent) == 1
            }
        }
        #expect(bench.deadLetters.isEmpty)
        #expect(receiver.calls.count == 4)
    }

    @Test("a pause after refusals has the right length", arguments: steps)
    func pause(step: Duration) async throws {
        let receiver = ScriptedReceiver("slack") { _, _, turn in turn < 3 ? .refused : .sent }
        let service = bench.service([receiver])
        try await bench.running(service) {
            try await bench.enqueue((0..<4).map { Sample.digest("d\($0)") }, service)
            try await eventually("it is paused") { try await bench.count(.dead) == 3 }
            await bench.clock.sleepers(2)
            bench.clock.setWall(by: step)
            for _ in 0..<13 {
                bench.clock.advance(by: .seconds(60))
                await bench.clock.sleepers(2)
            }
            #expect(receiver.calls.count == 3)
            try await bench.passing(.seconds(10), until: "it is sent") {
                try await bench.count(.sent) == 1
            }
        }
    }

    @Test(
        "after a restart nothing waits longer than the longest pause",
        arguments: [Duration.seconds(-86_400), .seconds(-365 * 86_400)])
    func restart(step: Duration) async throws {
        let receiver = Self.busy()
        let policy = DeliveryPolicy(drain: .zero)
        let first = bench.service([receiver], policy: policy)
        try await bench.running(first) {
            try await bench.enqueue([Sample.digest("tried")], first)
            try await eventually("the first try failed") {
                try await bench.entries().first?.tries == 1
            }
        }
        try await bench.enqueue([Sample.digest("fresh")], first)
        bench.clock.setWall(by: step)
        let second = bench.service([receiver], policy: policy)
        try await bench.running(second) {
            try await bench.passing(.seconds(10), until: "both are sent") {
                try await bench.count(.sent) == 2
            }
        }
        #expect(receiver.calls.map(\.digest) == ["tried", "tried", "fresh"])
        let entries = try await bench.entries()
        #expect(entries.allSatisfy { $0.created <= bench.clock.wall.now })
    }

    @Test("a forward jump removes nothing, age and count do")
    func pruning() async throws {
        let receiver = ScriptedReceiver("slack") { _, _, _ in .sent }
        let service = bench.service([receiver])
        let now = bench.clock.wall.now
        try await bench.enqueue([Sample.digest("old"), Sample.digest("new")], service)
        try await bench.store.write { db in
            for (id, days) in [("old", 31), ("new", 29)] {
                try db.connection.execute(
                    sql: """
                        UPDATE outbox SET state = 'dead', told = 1, settled_ms = ? WHERE digest = ?
                        """,
                    arguments: [(now - .seconds(days * 86_400)).milliseconds, id])
            }
        }
        bench.clock.setWall(by: .seconds(365 * 86_400))
        try await bench.running(service) {
            try await bench.passing(.seconds(60), until: "the old one is gone") {
                try await bench.count(.dead) == 1
            }
        }
        #expect(try await bench.entries().map(\.digest) == ["new"])
    }
}
