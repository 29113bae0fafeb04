import Digests
import Events
import GRDB
import Server
import Store
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
                try String.fetchOne(db, sql: "SELECT matchers FROM silence") ?? ""
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
            try db.execute(
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
}
