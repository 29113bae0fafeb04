import Foundation
import GRDB
import Store
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
                try String.fetchOne(db, sql: "PRAGMA journal_mode"),
                try Int.fetchOne(db, sql: "PRAGMA synchronous")
            )
        }
        #expect(eventLog == "wal")
        #expect(synchronous == 2)
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
        let far = CursorRow(segment: .max, offset: .max - 1)
        do {
            let store = try Store(path: path)
            try await store.write { db in
                try CursorRow(segment: 3, offset: 40).write(db, name: "digest")
                try CursorRow(segment: 4, offset: 2).write(db, name: "digest")
                try far.write(db, name: "forward")
            }
            try store.close()
        }
        let store = try Store(path: path)
        let all = try await store.read { db in try CursorRow.all(db) }
        #expect(all == ["digest": CursorRow(segment: 4, offset: 2), "forward": far])
        let none = try await store.read { db in try CursorRow.read(db, name: "nobody") }
        #expect(none == nil)
    }

    @Test("a transaction that throws changes nothing")
    func rollback() async throws {
        struct Stop: Error {}
        let store = try Store(path: path)
        await #expect(throws: Stop.self) {
            try await store.write { db in
                try CursorRow(segment: 1, offset: 1).write(db, name: "digest")
                throw Stop()
            }
        }
        let row = try await store.read { db in try CursorRow.read(db, name: "digest") }
        #expect(row == nil)
    }

    @Test("a commit by another process is detected")
    func foreignChange() async throws {
        let store = try Store(path: path)
        let before = try await store.foreignChanges()
        try await store.write { db in try CursorRow(segment: 1, offset: 1).write(db, name: "own") }
        #expect(try await store.foreignChanges() == before)

        let other = try Store(path: path)
        try await other.write { db in
            try CursorRow(segment: 1, offset: 1).write(db, name: "other")
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
}
