import Events
import Rendering
import State
import TestSupport
import Testing

@testable import Delivery

@Suite("Stale digests, and receivers replaced at run time")
struct StaleTests {
    let bench: DeliveryBench

    init() throws { bench = try DeliveryBench() }

    private func stale(_ thread: String) async throws -> [Outbox.Stale] {
        let now = bench.clock.wall.now
        return try await bench.store.read { db in
            try Outbox.stale(db, threads: [thread], at: now)
        }
    }

    @Test("the current digest replaces undeliverable ones, for that receiver only")
    func replaced() async throws {
        let down = ScriptedReceiver("down") { _, _, turn in
            turn < 3 ? .retry(after: .seconds(50)) : .sent
        }
        let fine = ScriptedReceiver("fine") { _, _, _ in .sent }
        let service = bench.service([down, fine])
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest("g.1", thread: "g")], service)
            #expect(try await stale("g").isEmpty)
            try await bench.passing(until: "one was tried") {
                let isStale = try await !stale("g").isEmpty
                return try await bench.count(.sent) == 1 && isStale
            }
            #expect(try await stale("g").map { "\($0.digest) \($0.receiver)" } == ["g.1 down"])
            #expect(try await stale("other").isEmpty)
            let (now, addressees) = (bench.clock.wall.now, service.receivers.flatMap(\.addressees))
            try await bench.store.write { db in
                try Outbox.enqueue(
                    db, Sample.digest("g.2", thread: "g"), to: addressees, replacing: ["g.1"],
                    at: now)
            }
            service.wake()
            let due = try await bench.entries().first {
                $0.digest == "g.2" && $0.addressee.receiver == "down"
            }?.due
            // The pause that the receiver requested also applies to the next digest.
            #expect((due ?? now) > now + .seconds(40))
            try await bench.passing(.seconds(1), until: "the second is everywhere") {
                try await bench.count(.sent) == 3
            }
        }
        #expect(try await bench.count(.replaced) == 1)
        #expect(try await bench.count(.waiting) == 0)
        #expect(down.calls.map(\.digest).last == "g.2")
        #expect(fine.calls.map(\.digest) == ["g.1", "g.2"])
    }

    @Test("a digest counts also those that the replaced one had replaced, until one arrives")
    func chain() async throws {
        let now = bench.clock.wall.now
        let later = now + .seconds(60)
        func add(_ id: String, replacing old: [String] = []) async throws {
            try await bench.store.write { db in
                try Outbox.enqueue(
                    db, Sample.digest(id, thread: "g"),
                    to: [Addressee(receiver: "slack"), Addressee(receiver: "mail")],
                    replacing: old, at: now)
            }
        }
        func settle(_ id: String, _ receiver: String) async throws {
            try await bench.store.write { db in
                let addressee = Addressee(receiver: receiver)
                let entry = try Outbox.list(db).first {
                    $0.digest == id && $0.addressee == addressee
                }
                try Outbox.settle(
                    db, entry?.id ?? 0, Outbox.Verdict(fate: .sent, words: "ok"), at: now)
            }
        }
        func stale(at moment: Timestamp) async throws -> [String] {
            try await bench.store.read { db in
                try Outbox.stale(db, threads: ["g"], at: moment)
            }.map { "\($0.digest) \($0.receiver)" }
        }
        try await add("g.1")
        try await settle("g.1", "mail")
        try await add("g.2", replacing: ["g.1"])
        try await settle("g.2", "mail")
        #expect(try await stale(at: later) == ["g.1 slack", "g.2 slack"])
        // It is on its way, and reports itself what it replaced.
        #expect(try await stale(at: now).isEmpty)
        try await add("g.3", replacing: ["g.1", "g.2"])
        try await settle("g.3", "slack")
        try await add("g.4")
        #expect(Set(try await stale(at: later)) == ["g.3 mail", "g.4 mail", "g.4 slack"])
    }

    @Test("receivers replaced at run time: new ones are served, removed ones leave dead letters")
    func receivers() async throws {
        let old = ScriptedReceiver("old") { _, _, _ in .retry(after: .seconds(3000)) }
        let kept = ScriptedReceiver("kept") { _, _, _ in .sent }
        let service = bench.service([old, kept])
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest("a.1", thread: "a")], service)
            try await bench.passing(until: "one is sent, one waits") {
                try await bench.count(.sent) == 1 && !old.calls.isEmpty
            }
            let new = ScriptedReceiver("new") { _, _, _ in .sent }
            let other = ScriptedReceiver("kept") { _, _, _ in .sent }
            service.replace(receivers: [other, new])
            try await bench.enqueue([Sample.digest("b.1", thread: "b")], service)
            try await bench.passing(until: "the new ones are served") {
                try await bench.count(.sent) == 3
            }
            #expect(new.calls.map(\.digest) == ["b.1"])
            #expect(other.calls.map(\.digest) == ["b.1"])
            #expect(try await bench.count(.dead) == 1)
        }
    }
}
