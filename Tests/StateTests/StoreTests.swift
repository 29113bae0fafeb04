import Events
import Foundation
import GRDB
@testable import State
import TestSupport
import Testing

@Suite("The state file")
struct StoreTests {
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("state.sqlite")
    }

    @Test("a committed transaction survives power loss: WAL with full synchronisation")
    func pragmas() async throws {
        let store = try Store(path: path)
        let (eventLog, synchronous) = try await store.write { db in
            (
                try String.fetchOne(db.connection, sql: "PRAGMA journal_mode"),
                try Int.fetchOne(db.connection, sql: "PRAGMA synchronous")
            )
        }
        #expect(eventLog == "wal")
        #expect(synchronous == 2)
    }

    @Test(
        "a value that is not of its column's type is an error, not the end of the process",
        arguments: [
            ("UPDATE outbox SET tries = 'many'", "tries"),
            ("UPDATE outbox SET due_ms = -1e300", "due_ms"),
            ("UPDATE outbox SET recipient = x'ff'", "recipient"),
            ("UPDATE gap SET lines = 'x'", "lines"), ("UPDATE cursor SET segment = 'x'", "segment"),
        ])
    func otherTypes(change: String, column: String) async throws {
        let store = try Store(path: path)
        let start = LogPosition.start
        try await store.write { db in
            try db.connection.execute(
                sql: """
                    INSERT INTO digest (id, group_key, kind, subject, thread, composed_ms, model,
                        slack, text, html) VALUES ('d', '', '', '', 't', 0, '', '', '', '');
                    INSERT INTO outbox (digest, receiver, due_ms, created_ms, thread, head)
                        VALUES ('d', 'r', 0, 0, 't', 1);
                    """)
            try GapTable.markReported(db, cursor: "c", after: start, lines: 1)
            try CursorTable.move(db, "c", to: start)
            try db.connection.execute(sql: change)
        }
        let error = await #expect(throws: StoreError.self) {
            try await store.read { db in
                _ = try Outbox.next(db, receiver: "r", at: Timestamp(milliseconds: 0))
                _ = try GapTable.unreported(db, cursor: "c", after: start, lines: 1)
                _ = try CursorTable.all(db)
            }
        }
        #expect(error?.fault == "a row's \(column) is not of the column's type")
        try store.close()
    }

    @Test("numbers at their ends do not overflow: tries, times, reported lines")
    func endsOfNumbers() async throws {
        let store = try Store(path: path)
        let start = LogPosition.start
        let (batches, unreported) = try await store.write { db in
            try db.connection.execute(
                sql: """
                    INSERT INTO digest (id, group_key, kind, subject, thread, composed_ms, model,
                        slack, text, html) VALUES ('d', '', '', '', 't', 0, '', '', '', '');
                    INSERT INTO outbox (digest, receiver, due_ms, created_ms, tries, thread, head)
                        VALUES ('d', 'r', 9223372036854775807, -9223372036854775808,
                            9223372036854775807, 't', 1);
                    INSERT INTO gap (cursor, segment, offset, lines)
                        VALUES ('c', 0, 0, -9223372036854775808);
                    """)
            try Outbox.shiftWaiting(db, by: .milliseconds(Int64.max), upTo: 9)
            let far = Timestamp(milliseconds: .max)
            try Outbox.settle(
                db, 1, Outbox.Verdict(fate: .again(far), words: ""), at: far)
            return (
                try Outbox.next(db, receiver: "r", at: far).batches,
                try GapTable.unreported(db, cursor: "c", after: start, lines: 1)
            )
        }
        #expect(batches.first?.deliveries.first?.tries == 1_000_000_000)
        #expect(unreported == .max)
        try store.close()
    }

    @Test("only the owner can read it")
    func permissions() throws {
        let store = try Store(path: path)
        defer { try? store.close() }
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let mode = try #require(attributes[.posixPermissions] as? NSNumber)
        #expect(mode.intValue == 0o600)
    }

    @Test("cursors survive a reopen, including extreme values")
    func cursors() async throws {
        let far = LogPosition(segment: .max, offset: .max - 1)
        do {
            let store = try Store(path: path)
            try await store.write { db in
                try CursorTable.move(db, "digest", to: LogPosition(segment: 3, offset: 40))
                try CursorTable.move(db, "digest", to: LogPosition(segment: 4, offset: 2))
                try CursorTable.move(db, "forward", to: far)
            }
            try store.close()
        }
        let store = try Store(path: path)
        let all = try await store.read { db in try CursorTable.all(db) }
        #expect(all == ["digest": LogPosition(segment: 4, offset: 2), "forward": far])
        let none = try await store.read { db in try CursorTable.position(db, of: "nobody") }
        #expect(none == nil)
    }

    @Test("a transaction that throws changes nothing")
    func rollback() async throws {
        struct Stop: Error {}
        let store = try Store(path: path)
        await #expect(throws: Stop.self) {
            try await store.write { db in
                try CursorTable.move(db, "digest", to: LogPosition(segment: 1, offset: 1))
                throw Stop()
            }
        }
        let row = try await store.read { db in try CursorTable.position(db, of: "digest") }
        #expect(row == nil)
    }

    @Test("a commit by another process is detected")
    func foreignChange() async throws {
        let store = try Store(path: path)
        let before = try await store.foreignChanges()
        try await store.write { db in
            try CursorTable.move(db, "own", to: LogPosition(segment: 1, offset: 1))
        }
        #expect(try await store.foreignChanges() == before)

        let other = try Store(path: path)
        try await other.write { db in
            try CursorTable.move(db, "other", to: LogPosition(segment: 1, offset: 1))
        }
        #expect(try await store.foreignChanges() != before)
    }

    @Test("an invalid state file is refused with its path and a remedy")
    func garbage() throws {
        try Data(repeating: 0x41, count: 4096).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: StoreError.self) { try Store(path: path) }
        #expect(error?.path == path)
        #expect(error?.description.contains("check that the folder is writable") == true)
    }

    @Test("a transaction after the file was closed throws and does not end the process")
    func closed() async throws {
        let store = try Store(path: path)
        try store.close()
        try store.close()
        await #expect(throws: StoreError.self) {
            try await store.read { db in try CursorTable.all(db) }
        }
        await #expect(throws: StoreError.self) {
            try await store.write { db in try CursorTable.move(db, "digest", to: .start) }
        }
        await #expect(throws: StoreError.self) { try await store.foreignChanges() }
    }

    @Test("transactions that race with the closing of the file are done or throw")
    func closing() async throws {
        for _ in 0..<20 {
            let store = try Store(path: path)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        do { _ = try await store.read { db in try CursorTable.all(db) } } catch {
                            #expect(error is StoreError)
                        }
                    }
                }
                group.addTask { #expect(throws: Never.self) { try store.close() } }
            }
        }
    }

    @Test("a reader cannot write, also after it has read")
    func readers() async throws {
        try Store(path: path).close()
        let store = try Store(path: path, .reader)
        _ = try await store.read { db in try CursorTable.all(db) }
        await #expect(throws: StoreError.self) {
            try await store.write { db in try CursorTable.move(db, "digest", to: .start) }
        }
        await #expect(throws: DatabaseError.self) {
            try await store.read { db in try CursorTable.move(db, "digest", to: .start) }
        }
    }

    @Test("the dead letters to report are found by indexes, whatever the outbox contains")
    func unreported() async throws {
        let store = try Store(path: path)
        let plan = try await store.read { db in
            try String.fetchAll(
                db.connection, sql: "EXPLAIN QUERY PLAN " + Outbox.unreportedSQL,
                adapter: SuffixRowAdapter(fromIndex: 3))
        }
        for alias in ["before", "sent"] {
            let steps = plan.filter { $0.contains(" \(alias) ") }
            #expect(!steps.isEmpty)
            for step in steps {
                #expect(step.contains("outbox_addressee (receiver=? AND recipient=? AND state=?"))
            }
        }
        #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
    }

    @Test("a lost file is restored from its snapshot, without tokens and for the owner only")
    func snapshot() async throws {
        let store = try Store(path: path)
        let place = LogPosition(segment: 3, offset: 40)
        try await store.write { db in
            try CursorTable.move(db, "digest", to: place)
            try TokenTable.add(
                db,
                TokenTable.Row(
                    id: "t", name: "n", scope: "read", hash: [1],
                    created: Timestamp(milliseconds: 0), expires: nil))
        }
        try await store.snapshot()
        try await store.write { db in try CursorTable.move(db, "digest", to: .start) }
        try await store.snapshot()
        try await store.write { db in try CursorTable.move(db, "later", to: place) }
        #expect(try !Store.restoreSnapshot(to: path))
        try store.close()
        try FileManager.default.removeItem(atPath: path)
        #expect(try Store.restoreSnapshot(to: path))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        let restored = try Store(path: path)
        let (cursors, tokens) = try await restored.read { db in
            (try CursorTable.all(db), try TokenTable.all(db))
        }
        #expect(cursors == ["digest": .start])
        #expect(tokens.isEmpty)
        #expect(try !Store.restoreSnapshot(to: folder.file("other.sqlite")))
    }
}
