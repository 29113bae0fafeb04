import Delivery
import Events
import GRDB
import Rendering
@testable import State
import TestSupport
import Testing

@Suite("The outbox")
struct OutboxTests {
    let folder: TemporaryDirectory
    let store: Store
    let now = Timestamp(milliseconds: 1_766_000_000_000)
    let mail = [
        Addressee(receiver: "mail", recipient: "a@b"),
        Addressee(receiver: "mail", recipient: "c@d"),
    ]

    init() throws {
        folder = try TemporaryDirectory()
        store = try Store(path: folder.file("state.sqlite"))
    }

    @Test("a digest is due later at a receiver that had too many, and at once at the others")
    func later() async throws {
        let (now, minute) = (now, now + .seconds(60))
        let addressees = ["full", "free"].map { Addressee(receiver: $0, recipient: "") }
        let (full, free) = try await store.write { db in
            try Outbox.enqueue(
                db, Sample.digest(), to: addressees, notBefore: ["full": minute], at: now)
            return (
                try Outbox.next(db, receiver: "full", at: now),
                try Outbox.next(db, receiver: "free", at: now)
            )
        }
        #expect(full.batches.isEmpty && full.later == minute)
        #expect(free.batches.count == 1)
        let next = try await store.write { db in
            try Outbox.next(db, receiver: "full", at: minute)
        }
        #expect(next.batches.count == 1)
    }

    @Test("a digest is read back as it was stored")
    func round() async throws {
        let digest = Sample.digest(text: "ü → \u{1F534} 'quotes' \"and\" ; DROP TABLE outbox\n")
        let back = try await store.write { [now] db in
            try Outbox.enqueue(db, digest, to: [], at: now)
            return try DigestTable.row(db, id: digest.id).map(RenderedDigest.init)
        }
        #expect(back == digest)
    }

    @Test("pages of digests end by count or bytes, and continue without a gap")
    func pages() async throws {
        let now = now
        try await store.write { db in
            for number in 100..<160 {
                try Outbox.enqueue(
                    db, Sample.digest("d\(number)", text: String(repeating: "x", count: 10_000)),
                    to: [], at: now)
            }
        }
        for (limit, maxBytes) in [(7, 1 << 20), (100, 35_000), (100, 1), (60, 1 << 20)] {
            let ids = try await store.read { db in
                var ids: [String] = []
                while true {
                    let page = try DigestTable.page(
                        db, before: ids.last, limit: limit, maxBytes: maxBytes)
                    #expect(page.digests.count <= min(limit, maxBytes / 10_000 + 1))
                    ids += page.digests.map(\.id)
                    if !page.hasMore { return ids }
                }
            }
            #expect(ids == (100..<160).reversed().map { "d\($0)" })
        }
    }

    @Test("a NUL truncates nothing")
    func nul() async throws {
        let back = try await store.write { [now, mail] db in
            try Outbox.enqueue(
                db, Sample.digest("i\0d", text: "before\0after\n"), to: mail, at: now)
            return try DigestTable.list(db)
        }
        #expect(back.map(\.text) == ["before\u{FFFD}after\n"])
        let entries = try await store.read { db in try Outbox.list(db) }
        #expect(entries.map(\.digest) == back.map(\.id) + back.map(\.id))
    }

    @Test("enqueueing again changes nothing: one row per addressee, with the first bytes")
    func idempotent() async throws {
        let entries = try await store.write { [now, mail] db in
            for _ in 0..<3 { try Outbox.enqueue(db, Sample.digest(), to: mail, at: now) }
            try Outbox.enqueue(db, Sample.digest(text: "other words\n"), to: mail, at: now)
            return try Outbox.list(db)
        }
        #expect(entries.map(\.addressee) == mail.reversed())
        #expect(entries.map(\.state) == [.waiting, .waiting])
        #expect(entries.map(\.subject) == Array(repeating: Sample.digest().subject, count: 2))
        let kept = try await store.read { db in
            try DigestTable.row(db, id: Sample.digest().id).map(RenderedDigest.init)
        }
        #expect(kept == Sample.digest())
    }

    @Test("a rollback of the caller's transaction also undoes enqueueing")
    func transaction() async throws {
        struct Undo: Error {}
        await #expect(throws: Undo.self) {
            try await store.write { [now, mail] db in
                try Outbox.enqueue(db, Sample.digest(), to: mail, at: now)
                throw Undo()
            }
        }
        let counts = try await store.read { db in try Outbox.counts(db) }
        #expect(counts == [.waiting: 0, .sent: 0, .dead: 0, .dropped: 0, .replaced: 0])
    }

    @Test("manual drop and retry; sent deliveries stay sent")
    func byHand() async throws {
        try await store.write { [now, mail] db in
            try Outbox.enqueue(db, Sample.digest(), to: mail, at: now)
            let ids = try Outbox.list(db).map(\.id)
            #expect(try Outbox.drop(db, id: ids[0], at: now))
            #expect(try !Outbox.drop(db, id: ids[0], at: now))
            #expect(try Outbox.counts(db)[.dropped] == 1)
            let later = now + .seconds(9)
            #expect(try Outbox.retry(db, id: ids[0], at: later))
            #expect(try Outbox.entry(db, id: ids[0])?.due == later)

            try db.connection.execute(
                sql: "UPDATE outbox SET state = 'sent' WHERE id = ?", arguments: [ids[1]])
            #expect(try !Outbox.retry(db, id: ids[1], at: now))
            #expect(try !Outbox.drop(db, id: ids[1], at: now))
            #expect(try !Outbox.retry(db, id: 999, at: now))
            #expect(try Outbox.entry(db, id: 999) == nil)
            #expect(try Outbox.retryDead(db, at: now) == 0)
        }
    }

    @Test("announced dead letters are removed by age and count, oldest first")
    func deadLetters() async throws {
        let (start, mail) = (now, [mail[0]])
        let (byNumber, byAge) = try await store.write { db in
            for n in 0..<5 {
                try Outbox.enqueue(db, Sample.digest("d\(n)"), to: mail, at: start)
                try db.connection.execute(
                    sql: """
                        UPDATE outbox SET state = 'dead', told = ?, settled_ms = ? WHERE digest = ?
                        """,
                    arguments: [n == 1 ? 0 : 1, (start + .seconds(n)).milliseconds, "d\(n)"])
            }
            return (
                try Outbox.prune(db, before: start, deadAtMost: 3),
                try Outbox.prune(db, before: start + .seconds(3), deadAtMost: 3)
            )
        }
        // d1 was not announced yet.
        #expect(byNumber.dead == 1 && byNumber.receivers == ["mail"])
        #expect(byAge.dead == 1)
        let left = try await store.read { db in try Outbox.list(db) }
        #expect(left.map(\.digest) == ["d4", "d3", "d1"])
    }

    @Test("only old and settled deliveries are removed")
    func pruning() async throws {
        let later = now + .seconds(3600)
        try await store.write { [now, mail] db in
            for id in ["sent", "waiting", "fresh"] {
                try Outbox.enqueue(db, Sample.digest(id), to: mail, at: now)
            }
            try db.connection.execute(
                sql: "UPDATE outbox SET state = 'sent', settled_ms = ? WHERE digest = 'sent'",
                arguments: [now.milliseconds])
            try db.connection.execute(
                sql: "UPDATE outbox SET state = 'sent', settled_ms = ? WHERE digest = 'fresh'",
                arguments: [(later + .seconds(1)).milliseconds])
            #expect(try Outbox.prune(db, before: later).digests == 1)
            #expect(Set(try DigestTable.list(db).map(\.id)) == ["waiting", "fresh"])
            #expect(try Outbox.list(db).count == 4)
        }
    }
}
