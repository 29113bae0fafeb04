import Core
import Events
import GRDB
import Rendering
@testable import State
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Delivery

@Suite("The delivery service")
struct DeliveryServiceTests {
    let bench: DeliveryBench

    init() throws { bench = try DeliveryBench() }

    @Test("digests reach every receiver in order, and are recorded as sent")
    func order() async throws {
        let (one, two) = (
            ScriptedReceiver("one") { _, _, _ in .sent },
            ScriptedReceiver("two") { _, _, _ in .sent }
        )
        let service = bench.service([one, two])
        let ids = (0..<20).map { "d\($0)" }
        try await bench.running(service) {
            try await bench.enqueue(ids.map { Sample.digest($0) }, service)
            try await eventually("all are sent") { try await bench.count(.sent) == 40 }
        }
        #expect(one.calls.map(\.digest) == ids)
        #expect(two.calls.map(\.digest) == ids)
    }

    @Test("a receiver that hangs and one that fails do not delay a third")
    func independence() async throws {
        let hangs = ScriptedReceiver("hangs") { _, _, _ in
            try? await Task.sleep(for: .seconds(600))
            return .interrupted
        }
        let fails = ScriptedReceiver("fails") { _, _, _ in .retry(after: nil) }
        let works = ScriptedReceiver("works") { _, _, _ in .sent }
        let service = bench.service([hangs, fails, works], policy: DeliveryPolicy(drain: .zero))
        try await bench.running(service) {
            try await bench.enqueue((0..<5).map { Sample.digest("d\($0)") }, service)
            try await eventually("one receiver is done") { try await bench.count(.sent) == 5 }
        }
        #expect(hangs.calls.count == 1)
        // A cancelled attempt does not count.
        let entries = try await bench.entries().filter { $0.addressee.receiver == "hangs" }
        #expect(entries.map(\.tries) == [0, 0, 0, 0, 0])
        #expect(entries.map(\.state) == Array(repeating: .waiting, count: 5))
    }

    @Test("a failed attempt is retried within the policy's limit, and delays only its own queue")
    func retries() async throws {
        let receiver = ScriptedReceiver("mail", recipients: ["good@x", "slow@x"]) {
            digest, recipient, turn in
            recipient == "slow@x" && turn < 3 ? .retry(after: nil) : .sent
        }
        let policy = DeliveryPolicy(
            retry: RetryPolicy(initial: .seconds(10), factor: 2, ceiling: .seconds(40)))
        let service = bench.service([receiver], policy: policy)
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest("first"), Sample.digest("second")], service)
            try await eventually("the good recipient has both") {
                try await bench.count(.sent) >= 2
            }
            let held = try await bench.entries().filter { $0.state == .waiting }
            #expect(Set(held.map(\.addressee.recipient)).isSubset(of: ["slow@x"]))
            try await bench.passing(until: "the slow one has both") {
                try await bench.count(.sent) == 4
            }
        }
        let slow = receiver.calls.filter { $0.recipients.contains("slow@x") }.map(\.digest)
        #expect(slow == slow.sorted(), "order holds for the slow recipient: \(slow)")
        let good = receiver.calls.filter { $0.recipients.contains("good@x") }.map(\.digest)
        #expect(good == ["first", "second"])
    }

    @Test("Retry-After is honoured to the second, instead of the exponential delay")
    func retryAfter() async throws {
        let receiver = ScriptedReceiver("slack") { _, _, turn in
            turn == 0 ? .retry(after: .seconds(17)) : .sent
        }
        let service = bench.service([receiver])
        try await bench.running(service) {
            let start = bench.clock.wall.now
            try await bench.enqueue([Sample.digest()], service)
            try await eventually("the first try failed") {
                try await bench.entries().first?.tries == 1
            }
            #expect(try await bench.entries().first?.due == start + .seconds(17))
            bench.clock.advance(by: .milliseconds(16_900))
            #expect(receiver.calls.count == 1)
            try await bench.passing(until: "it is sent") { try await bench.count(.sent) == 1 }
            let tried = try #require(try await bench.entries().first?.lastTried)
            #expect(tried - start >= .seconds(17))
        }
        #expect(receiver.calls.count == 2)
    }

    @Test("a refusal is a dead letter at once, is announced, and is sent after a manual retry")
    func death() async throws {
        let receiver = ScriptedReceiver("slack") { _, _, turn in turn == 0 ? .refused : .sent }
        let service = bench.service([receiver])
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest("a"), Sample.digest("b")], service)
            try await eventually("the next one is sent") { try await bench.count(.sent) == 1 }
            try await eventually("it was announced") { bench.deadLetters.count == 1 }
            let letter = try #require(bench.deadLetters.first)
            #expect(letter.digest == "a")
            #expect(letter.words == "call 0")
            #expect(letter.tries == 1)

            // The command line also uses another connection to the same file.
            let other = try Store(path: bench.store.path)
            let now = bench.clock.wall.now
            let revived = try await other.write { db in
                try Outbox.retry(db, id: letter.id, at: now)
            }
            #expect(revived)
            try await bench.passing(until: "the retried one is sent") {
                try await bench.count(.sent) == 2
            }
        }
        #expect(receiver.calls.map(\.digest) == ["a", "b", "a"])
        #expect(bench.deadLetters.count == 1)
    }

    @Test("a delivery retried manually after a day has another day")
    func retriedLater() async throws {
        let receiver = ScriptedReceiver("slack") { _, _, turn in
            turn == 0 ? .refused : turn < 3 ? .retry(after: .seconds(60)) : .sent
        }
        let service = bench.service([receiver])
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest()], service)
            try await eventually("it is dead") { bench.deadLetters.count == 1 }
            bench.clock.advance(by: .seconds(30 * 3600))
            let now = bench.clock.wall.now
            let count = try await bench.store.write { db in try Outbox.retryDead(db, at: now) }
            #expect(count == 1)
            service.wake()
            try await bench.passing(.seconds(1), until: "it is sent") {
                try await bench.count(.sent) == 1
            }
        }
        #expect(receiver.calls.count == 4)
        #expect(bench.deadLetters.count == 1)
    }

    @Test("dead letters of an earlier run are announced unless already announced")
    func announcedLater() async throws {
        let receiver = ScriptedReceiver("slack") { _, _, _ in .refused }
        let service = bench.service([receiver])
        try await bench.enqueue([Sample.digest()], service)
        try await bench.store.write { db in
            try db.connection.execute(
                sql: "UPDATE outbox SET state = 'dead', answer = '404 no_service'")
        }
        for _ in 0..<2 {
            try await bench.running(bench.service([receiver])) {
                try await eventually("it was announced, and that is recorded") {
                    let unreported = try await bench.store.read { db in
                        try Outbox.unreported(db).count
                    }
                    return bench.deadLetters.count == 1 && unreported == 0
                }
            }
        }
        #expect(bench.deadLetters.map(\.words) == ["404 no_service"])
        #expect(receiver.calls.isEmpty)
    }

    @Test("a crash between sending and recording sends the same digest again")
    func crash() async throws {
        // The result never reaches the service, as with a SIGKILL.
        let lost = ScriptedReceiver("slack") { _, _, _ in .interrupted }
        let first = bench.service([lost])
        try await bench.enqueue([Sample.digest()], first)
        let task = Task { await first.run() }
        try await eventually("it was sent") { lost.calls.count >= 1 }
        task.cancel()
        await task.value
        #expect(try await bench.entries().map(\.state) == [.waiting])

        let works = ScriptedReceiver("slack") { _, _, _ in .sent }
        let second = bench.service([works])
        try await bench.running(second) {
            try await eventually("it is sent") { try await bench.count(.sent) == 1 }
        }
        #expect(works.calls.map(\.digest) == lost.calls.prefix(1).map(\.digest))

        let third = ScriptedReceiver("slack") { _, _, _ in .sent }
        let last = bench.service([third])
        try await bench.running(last) {
            try await bench.enqueue([Sample.digest("after")], last)
            try await eventually("only the new one") { try await bench.count(.sent) == 2 }
        }
        #expect(third.calls.map(\.digest) == ["after"])
    }

    @Test("a receiver removed from the configuration leaves dead letters")
    func unknownReceiver() async throws {
        let gone = ScriptedReceiver("gone") { _, _, _ in .sent }
        try await bench.enqueue([Sample.digest()], bench.service([gone]))
        let service = bench.service([ScriptedReceiver("here") { _, _, _ in .sent }])
        try await bench.running(service) {
            try await eventually("it was announced") { bench.deadLetters.count == 1 }
        }
        #expect(bench.deadLetters.first?.addressee.receiver == "gone")
        #expect(bench.deadLetters.first?.words.contains("configured") == true)
    }

    @Test("a delivery that fails for longer than the policy permits becomes a dead letter")
    func givingUp() async throws {
        let receiver = ScriptedReceiver("down") { _, _, _ in .retry(after: .seconds(60)) }
        let service = bench.service([receiver], policy: DeliveryPolicy(giveUpAfter: .seconds(150)))
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest()], service)
            try await bench.passing(.seconds(1), until: "it is dead") {
                try await bench.count(.dead) == 1
            }
        }
        #expect(try await bench.entries().first?.answer == "given up after 4 tries; last: call 3")
    }

    @Test("a receiver's rate limit is kept")
    func rate() async throws {
        let receiver = ScriptedReceiver("slack", minimumInterval: .seconds(1)) { _, _, _ in .sent }
        let service = bench.service([receiver])
        try await bench.running(service) {
            try await bench.enqueue((0..<4).map { Sample.digest("d\($0)") }, service)
            for sent in 1...4 {
                try await eventually("\(sent) sent") { try await bench.count(.sent) == sent }
                await bench.clock.sleepers(2)
                #expect(receiver.calls.count == sent)
                bench.clock.advance(by: .seconds(1))
            }
        }
    }

    @Test("the results of each attempt are counted by receiver and outcome")
    func metrics() async throws {
        let receiver = ScriptedReceiver("slack") { _, _, turn in turn == 0 ? .refused : .sent }
        let service = bench.service([receiver])
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest("a"), Sample.digest("b")], service)
            try await eventually("both are settled") { try await bench.count(.sent) == 1 }
            try await eventually("it was announced") { bench.deadLetters.count == 1 }
        }
        for (outcome, count) in [("sent", 1.0), ("dead", 1.0)] {
            let value = bench.telemetry.registry.value(
                "bellwether_deliveries_total",
                labels: [("receiver", "slack"), ("kind", "scripted"), ("outcome", outcome)])
            #expect(value == count)
        }
    }

    // MARK: - Receivers that refuse everything

    @Test("a receiver that refuses everything is paused, others get theirs, its digests wait")
    func pause() async throws {
        let refuses = ScriptedReceiver("slack") { _, _, turn in turn < 4 ? .refused : .sent }
        let works = ScriptedReceiver("mail") { _, _, _ in .sent }
        let service = bench.service([refuses, works])
        try await bench.running(service) {
            try await bench.enqueue((0..<6).map { Sample.digest("d\($0)") }, service)
            try await eventually("the others got the notice") {
                try await bench.count(.sent) == 7
            }
            #expect(refuses.calls.map(\.digest) == ["d0", "d1", "d2"])
            #expect(works.calls.last?.digest.hasPrefix("paused-slack-") == true)
            let waiting = try await bench.entries().filter { $0.state == .waiting }
            #expect(Set(waiting.map(\.digest)) == ["d3", "d4", "d5"])
            #expect(
                bench.telemetry.registry.value(
                    "bellwether_receiver_paused", labels: [("receiver", "slack")]) == 1)

            // After the pause one digest probes the receiver; its refusal renews the pause.
            try await bench.passing(.seconds(10), until: "one more is tried") {
                refuses.calls.count == 4
            }
            try await eventually("and is dead") { try await bench.count(.dead) == 4 }
            #expect(try await bench.count(.sent) == 7)

            // A manual retry from another process ends the pause.
            let other = try Store(path: bench.store.path)
            let now = bench.clock.wall.now
            let revived = try await other.write { db in try Outbox.retryDead(db, at: now) }
            #expect(revived == 4)
            try await bench.passing(until: "all are sent") { try await bench.count(.sent) == 14 }
        }
        #expect(
            refuses.calls.dropFirst(4).map(\.digest) == ["d0", "d1", "d2", "d3", "d4", "d5"])
        #expect(
            bench.telemetry.registry.value(
                "bellwether_receiver_paused", labels: [("receiver", "slack")]) == 0)
    }

    @Test("one refused recipient never pauses the receiver for the others")
    func recipientIsNotReceiver() async throws {
        let mail = ScriptedReceiver("mail", recipients: ["good@x", "bad@x"]) { _, recipient, _ in
            recipient == "bad@x" ? .refused : .sent
        }
        let service = bench.service([mail])
        try await bench.running(service) {
            try await bench.enqueue((0..<5).map { Sample.digest("d\($0)") }, service)
            try await eventually("the good one has all") { try await bench.count(.sent) == 5 }
            // Also if it is the only recipient.
            let now = bench.clock.wall.now
            try await bench.store.write { db in _ = try Outbox.retryDead(db, at: now) }
            service.wake()
            try await eventually("the bad one is tried again") { mail.calls.count == 10 }
            try await bench.enqueue([Sample.digest("last")], service)
            try await eventually("nothing holds the good one up") {
                try await bench.count(.sent) == 6
            }
        }
    }

    @Test("a receiver's own ceiling limits its delays")
    func ceilings() async throws {
        let receiver = ScriptedReceiver("down") { _, _, turn in
            turn < 20 ? .retry(after: nil) : .sent
        }
        let service = DeliveryService(
            store: bench.store, receivers: [receiver], retryCeilings: ["down": .seconds(2)],
            clock: bench.clock, wall: bench.clock.wall, telemetry: .silent)
        let start = bench.clock.wall.now
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest()], service)
            try await bench.passing(until: "it is sent") { try await bench.count(.sent) == 1 }
        }
        let entry = try #require(try await bench.entries().first)
        let tried = try #require(entry.lastTried)
        #expect(entry.tries == 21)
        // Twenty delays of at most 2 s, plus the manual clock's steps.
        #expect(tried - start <= .seconds(60))
    }
}
