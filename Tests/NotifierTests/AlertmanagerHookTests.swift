import Events
import HTTPTypes
import JSON
import Server
import Testing

@testable import Notifier

@Suite("Events from Alertmanager's webhooks")
struct AlertmanagerHookTests {
    private func events(
        _ alerts: String, truncated: any CustomStringConvertible = 0
    ) throws -> [Event] {
        try AlertmanagerHook.events(
            ArgoNotificationTests.payload(
                """
                {"version":"4","groupKey":"{}:{}","truncatedAlerts":\(truncated),"status":"firing",
                 "receiver":"bellwether","commonLabels":{"rollout":"payments-api"},
                 "alerts":[\(alerts)]}
                """), ArgoNotificationTests.now)
    }

    private let firing = """
        {"status":"firing","labels":{"alertname":"HighErrors","rollout":"payments-api","namespace":"prod",
          "revision":"17","severity":"critical"},
         "annotations":{"summary":"5xx over 1 %"},"startsAt":"2026-11-23T06:00:00Z",
         "endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prom/x","fingerprint":"c0ffee"}
        """

    @Test("an alert is an event of the rollout in its labels")
    func firingAlert() throws {
        let event = try #require(events(firing).first)
        #expect(event.event == "alert.firing")
        #expect(event.level == .error)
        #expect(event.rollout == "payments-api")
        #expect(event.namespace == "prod")
        #expect(event.revision == "17")
        #expect(event.ts == ArgoNotificationTests.now)
        #expect(event.extra("startsAt") == .string("2026-11-23T06:00:00Z"))
        #expect(event.extra("endsAt") == nil)
        #expect(event.message == "HighErrors firing: 5xx over 1 %")
    }

    @Test("a payload with too many alerts is refused whole, with the setting to change")
    func tooMany() throws {
        let many = Array(repeating: firing, count: AlertmanagerHook.most + 1)
        #expect(try events(many.dropLast().joined(separator: ",")).count == AlertmanagerHook.most)
        let problem = try #require(throws: Problem.self) {
            try events(many.joined(separator: ","))
        }
        #expect(problem.status == .contentTooLarge)
        #expect(problem.detail.contains("max_alerts"))
    }

    @Test("numbers out of range are refused by name")
    func outside() throws {
        for truncated in [Int.max, .min, -1, 1_000_000_001] {
            let problem = #expect(throws: Problem.self) { try events(firing, truncated: truncated) }
            #expect(problem?.field == "truncatedAlerts")
        }
    }

    @Test(
        "an alert has the time of receipt, whenever it began",
        arguments: [
            "2026-10-09T06:00:00.123456789Z", "2031-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59-23:59", "yesterday",
        ])
    func receipt(time: String) throws {
        let alert = firing.replacing("2026-11-23T06:00:00Z", with: time)
        let event = try #require(events(alert).first)
        #expect(event.ts == ArgoNotificationTests.now)
        #expect(event.extra("startsAt") == .string(time))
        let resolved = alert.replacing("\"firing\"", with: "\"resolved\"").replacing(
            "0001-01-01T00:00:00Z", with: time)
        let end = try #require(events(resolved).first)
        #expect(end.ts == ArgoNotificationTests.now)
        #expect(end.extra("endsAt") == .string(time))
    }

    @Test("an alert with an unknown status is reported, and the others are stored")
    func unreadable() throws {
        let odd = firing.replacing(#""status":"firing""#, with: #""status":"pending""#)
        let events = try events("\(odd),\(firing)")
        #expect(events.map(\.event) == ["alert.unreadable", "alert.firing"])
        #expect(events[0].level == .error)
        #expect(events[0].message?.contains("\"pending\"") == true)
        #expect(events[0].rollout == "payments-api")
    }

    @Test("a repeat is the same event, its resolution another")
    func repeats() throws {
        let first = try events(firing)[0].id
        #expect(try events(firing)[0].id == first)
        let resolved = firing.replacing("\"firing\"", with: "\"resolved\"").replacing(
            "0001-01-01T00:00:00Z", with: "2026-11-23T06:05:00Z")
        let event = try events(resolved)[0]
        #expect(event.event == "alert.resolved")
        #expect(event.level == .info)
        #expect(event.ts == ArgoNotificationTests.now)
        #expect(event.extra("endsAt") == .string("2026-11-23T06:05:00Z"))
        #expect(event.id != first)
    }

    @Test("truncated alerts are counted")
    func truncated() throws {
        let events = try events(firing, truncated: 12)
        #expect(events.map(\.event) == ["alert.firing", "alerts.truncated"])
        #expect(events[1].extra("truncated") == .number("12"))
    }

    @Test(
        "a number of truncated alerts that is none is reported, not taken for none",
        arguments: [(#""12""#, "12"), (#""some""#, "some"), ("true", "unknown"), ("1.5", "1.5")])
    func oddlyTruncated(value: String, shown: String) throws {
        let events = try events(firing, truncated: value)
        #expect(events.map(\.event) == ["alert.firing", "alerts.truncated"])
        #expect(events[1].message?.contains(shown) == true)
        #expect(try self.events(firing, truncated: #""0""#).count == 1)
        #expect(try self.events(firing, truncated: "null").count == 1)
    }

    @Test("labels that are left out are counted")
    func leftOut() throws {
        let many = (0..<(HookText.values + 5)).map { "\"l\($0)\":\"x\"" }.joined(separator: ",")
        let alert =
            #"{"status":"firing","labels":{\#(many)},"annotations":{"flag":true,"empty":"","no":null}}"#
        let event = try events(alert)[0]
        #expect(event.extra("labels_left_out") == .number("5"))
        #expect(event.extra("annotations_left_out") == .number("1"))
        #expect(try events(firing)[0].extra("labels_left_out") == nil)
    }

    @Test("a very large alert still fits the log, and states what was omitted")
    func bounded() throws {
        let long = String(repeating: "\u{1}", count: 20_000)
        var writer = JSONWriter()
        writer.object { w in
            w.member("alertname", long)
            for index in 0..<200 { w.member("label\(index)", String(long.prefix(600))) }
        }
        let event = try events(
            #"{"status":"firing","labels":\#(writer.text),"annotations":{"summary":\#(writer.text.count)}}"#
        )[0]
        let fitting = HookText.fitting(event)
        #expect(event.line.count > 64 << 10)
        #expect(fitting.line.count < 64 << 10, "\(fitting.line.count)")
        #expect(fitting.extra("cut") == .array([.string("labels")]))
        #expect(fitting.event == "alert.firing")
    }

    @Test("a payload of unknown statuses only is refused, and quotes one")
    func unknownStatuses() throws {
        let problem = try #require(throws: Problem.self) {
            try events(firing.replacing(#""status":"firing""#, with: #""status":"Firing""#))
        }
        #expect(problem.detail.contains(#"not "Firing""#), "\(problem.detail)")
    }

    @Test("a payload that is not Alertmanager's is refused")
    func malformed() throws {
        for text in ["{}", #"{"alerts":[]}"#, #"{"alerts":[{"status":"maybe"}]}"#, "[]"] {
            #expect(throws: Problem.self) {
                try AlertmanagerHook.events(
                    ArgoNotificationTests.payload(text), ArgoNotificationTests.now)
            }
        }
    }
}
