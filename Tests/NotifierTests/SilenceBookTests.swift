import Digests
import Events
import GRDB
import Server
@testable import State
import TestSupport
import Testing

@testable import Notifier

@Suite("Silences in the state file")
struct SilenceBookTests {
    private static let now = Timestamp(milliseconds: 1_766_000_000_000)
    private static let fields = FilterFields.digests(groupBy: ["namespace", "rollout"])

    @Test("a filter is stored by its conditions and read again")
    func roundTrip() async throws {
        let folder = try TemporaryDirectory()
        let store = try Store(path: folder.file("state.sqlite"))
        let filter = try Filter(
            #"namespace=prod (rollout=a or rollout=~"^b c") not az in ("x y", z*)"#, Self.fields)
        _ = try await store.write { db in
            try SilenceBook.add(
                db, filter: filter, until: Self.now + .seconds(60), who: "w", why: "y",
                at: Self.now)
        }
        let stored = try await store.read { db in
            (
                try SilenceBook.list(db, at: Self.now),
                try String.fetchOne(db.connection, sql: "SELECT matchers FROM silence") ?? ""
            )
        }
        #expect(stored.0.map(\.silence.filter) == [filter])
        #expect(stored.1.hasPrefix(#"["namespace=prod","(rollout=a or"#), "\(stored.1)")
    }

    @Test(
        "rows of earlier versions are read; what cannot be read holds nothing back",
        arguments: [
            (
                #"["namespace=prod","rollout~pay","kind!=notice"]"#,
                "namespace=prod and rollout~pay and kind!=notice"
            ),
            (#"["az=eu west 1"]"#, #"az="eu west 1""#),
            (#"["team=payments"]"#, "team=payments"), (#"["kind=gone"]"#, "kind=gone"),
            (#"["rollout=a=b"]"#, #"rollout="a=b""#), ("[]", "never"), ("nothing", "never"),
            (#"["rollout=a", 7]"#, "rollout=a and never"),
        ] as [(String, String)])
    func earlier(row: String, expected: String) async throws {
        let folder = try TemporaryDirectory()
        let store = try Store(path: folder.file("state.sqlite"))
        let found = try await store.write { db in
            try db.connection.execute(
                sql: """
                    INSERT INTO silence (id, matchers, from_ms, until_ms, who, why, created_ms)
                    VALUES ('s', ?, 0, ?, '', '', 0)
                    """, arguments: [row, Self.now.milliseconds + 1])
            return try SilenceBook.list(db, at: Self.now).map(\.silence.filter.description)
        }
        #expect(found == [expected])
    }

    @Test(
        "an order with a condition that is empty or no text is refused",
        arguments: [
            #""matchers":["namespace=prod",7]"#, #""matchers":["namespace=prod",""]"#,
            #""filter":"namespace=prod","matchers":"rollout=a""#, #""filter":7"#, #""filter":"""#,
        ])
    func refused(conditions: String) {
        let body = #"{\#(conditions),"until":"2025-12-18T00:00:00Z"}"#
        #expect(throws: Problem.self) {
            try SilenceOrder(Array(body.utf8), Self.fields, at: Self.now)
        }
    }

    @Test("the conditions of an order must all hold")
    func conditions() throws {
        let body = #"""
            {"filter":"namespace=prod","matchers":["rollout=a"],"until":"2025-12-18T00:00:00Z"}
            """#
        let order = try SilenceOrder(Array(body.utf8), Self.fields, at: Self.now)
        #expect(order.filter.description == "namespace=prod and rollout=a")
    }

    /// The node's connection to a state file and a command's.
    private func connections() throws -> (TemporaryDirectory, Store, Store) {
        let folder = try TemporaryDirectory()
        let path = folder.file("state.sqlite")
        return (folder, try Store(path: path), try Store(path: path, .editor))
    }

    private static func add(_ store: Store, _ rollout: String) async throws -> String {
        let filter = try Filter("rollout=\(rollout)", fields)
        return try await store.write { db in
            try SilenceBook.add(
                db, filter: filter, until: now + .seconds(60), who: "w", why: "y", at: now
            ).id
        }
    }

    @Test("two processes that add silences at once never exceed the maximum")
    func full() async throws {
        let (folder, node, command) = try connections()
        let one = try Filter("rollout=shop", Self.fields)
        try await node.write { db in
            for number in 0..<SilenceBook.most - 5 {
                let row = SilenceBook.row(
                    filter: one, until: Self.now + .seconds(60), who: "w", why: "y",
                    at: Self.now, salt: UInt32(number))
                try SilenceBook.insert(db, row, at: Self.now)
            }
        }
        let refused = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<20 {
                group.addTask {
                    do {
                        _ = try await Self.add(number % 2 == 0 ? node : command, "s\(number)")
                        return false
                    } catch { return error is SilenceBook.Full }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(refused == 15)
        let all = try await command.read { db in try SilenceBook.list(db, at: Self.now) }
        #expect(all.count == SilenceBook.most)
        #expect(Set(all.map(\.silence.id)).count == SilenceBook.most)
        // An ended one makes room at once.
        let ended = try #require(all.last).silence.id
        #expect(try await node.write { db in try SilenceTable.expire(db, id: ended, at: Self.now) })
        _ = try await Self.add(command, "one-more")
        withExtendedLifetime(folder) {}
    }

    @Test("a silence that two processes end at once is ended by one of them")
    func expiredTwice() async throws {
        let (folder, node, command) = try connections()
        let id = try await Self.add(node, "shop")
        let ended = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<10 {
                group.addTask {
                    try await (number % 2 == 0 ? node : command).write { db in
                        try SilenceTable.expire(db, id: id, at: Self.now)
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(ended == 1)
        #expect(try await node.read { db in try SilenceBook.list(db, at: Self.now) }.isEmpty)
        withExtendedLifetime(folder) {}
    }

    @Test("a message held back by a silence that just ended still counts, once for each message")
    func heldAfterEnd() async throws {
        let (folder, node, command) = try connections()
        let id = try await Self.add(node, "shop")
        // The service read the silence before the command ended it.
        _ = try await command.write { db in try SilenceTable.expire(db, id: id, at: Self.now) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    try await node.write { db in try SilenceTable.countHeld(db, id: id) }
                }
            }
            try await group.waitForAll()
        }
        let entry = try #require(
            try await command.read { db in
                try SilenceBook.list(db, at: Self.now, ended: true)
            }.first)
        #expect(entry.held == 10)
        #expect(!entry.isActive(at: Self.now))
        withExtendedLifetime(folder) {}
    }

    @Test("a transaction that fails after a change of the book leaves the book as it was")
    func rolledBack() async throws {
        struct Refused: Error {}
        let (folder, node, command) = try connections()
        let id = try await Self.add(node, "shop")
        await #expect(throws: Refused.self) {
            try await node.write { db in
                _ = try SilenceTable.expire(db, id: id, at: Self.now)
                try SilenceTable.countHeld(db, id: id)
                throw Refused()
            }
        }
        let entry = try #require(
            try await command.read { db in try SilenceBook.list(db, at: Self.now) }.first)
        #expect(entry.silence.id == id && entry.held == 0)
        withExtendedLifetime(folder) {}
    }
}
