import Events
import HTTPTypes
import EventLog
import Server
import Testing

@testable import Notifier

@Suite("Parameters of GET /v1/events")
struct EventQueryTests {
    private static let now = Timestamp(milliseconds: 1_766_000_000_000)

    private func query(_ items: (String, String)...) throws(Problem) -> EventQuery {
        try EventQuery(items.map { (name: $0.0, value: $0.1) }, now: Self.now)
    }

    @Test("the default is the last thousand lines")
    func nothing() throws {
        let query = try query()
        #expect(query.limit == 1000)
        #expect(!query.follow)
        #expect(query.after == nil)
        #expect(query.query.since == nil && query.query.until == nil)
    }

    @Test("times are durations back from now or absolute")
    func times() throws {
        let query = try query(("since", "10m"), ("until", "2025-12-17T19:33:20Z"))
        #expect(query.query.since == Timestamp(milliseconds: 1_766_000_000_000 - 600_000))
        #expect(query.query.until == Timestamp(milliseconds: 1_766_000_000_000))
    }

    @Test("positions are cursors of this log")
    func places() throws {
        #expect(try query(("after", "41:1830")).after == LogPosition(segment: 41, offset: 1830))
        #expect(try query(("follow", "true"), ("limit", "100000")).limit == 100_000)
    }

    @Test("an unknown field is refused with a suggestion, unless any field is asked for")
    func anyField() throws {
        do throws(Problem) {
            _ = try query(("where", "stauts=degraded"))
            Issue.record("an unknown field is taken")
        } catch {
            #expect(error.detail.contains("did you mean status?"))
            #expect(error.detail.contains("any_field=true"))
        }
        for items in [
            [("where", "team=x"), ("any_field", "true")],
            [("any_field", "true"), ("where", "team=x")],
        ] {
            let query = try EventQuery(items.map { (name: $0.0, value: $0.1) }, now: Self.now)
            #expect(query.query.condition.description == "team=x")
        }
    }

    @Test(
        "invalid parameters are refused by name",
        arguments: [
            ("since", "yesterday", "time_invalid", "since"),
            ("until", "", "time_invalid", "until"), ("since", "-5m", "time_invalid", "since"),
            ("where", "az=", "where_malformed", "where"),
            ("where", "stauts=degraded", "where_malformed", "where"),
            ("where", "attempt>ten", "where_malformed", "where"),
            ("where", "(status=degraded", "where_malformed", "where"),
            ("any_field", "yes", "any_field_invalid", "any_field"),
            ("limit", "0", "limit_invalid", "limit"), ("limit", "100001", "limit_invalid", "limit"),
            ("limit", "ten", "limit_invalid", "limit"),
            ("limit", "99999999999999999999", "limit_invalid", "limit"),
            ("follow", "yes", "follow_invalid", "follow"),
            ("after", "41", "cursor_invalid", "after"),
            ("after", "-1:0", "cursor_invalid", "after"),
            ("after", "1:2:3", "cursor_invalid", "after"),
            ("Since", "1m", "query_unknown", "query"), ("", "", "query_unknown", "query"),
        ])
    func refused(name: String, value: String, reason: String, field: String) throws {
        do throws(Problem) {
            _ = try query((name, value))
            Issue.record("\(name)=\(value) is taken")
        } catch {
            #expect(error.status.code == 400)
            #expect(error.reason == reason)
            #expect(error.field == field)
        }
        // A span that ends before it begins finds nothing, convincingly.
        let reversed = try #require(throws: Problem.self) {
            try query(("since", "10m"), ("until", "1h"))
        }
        #expect(reversed.field == "since")
    }
}
