import JSON
import EventLog
import TestSupport
import Testing
import Transfer

@testable import Notifier

@Suite("POST /v1/hooks")
struct HookRoutesTests {
    private static let aborted =
        #"{"trigger":"on-rollout-aborted","object":{"metadata":{"name":"pay","namespace":"prod","resourceVersion":"7"},"status":{}}}"#

    private static func flagger(_ token: String?) -> String {
        let member = token.map { #","token":"\#($0)""# } ?? ""
        return
            #"{"name":"pay","namespace":"prod","phase":"Failed","checksum":"85d5","metadata":{"eventMessage":"rolled back","eventType":"Warning","timestamp":"1578607635167"\#(member)}}"#
    }

    @Test("one notification, sent many times at once, is one event")
    func together() async throws {
        let notifier = try await ServedNotifier()
        let accepted = try await withThrowingTaskGroup(of: Int64.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    let reply = try await notifier.post(
                        "/v1/hooks/argo-notifications", Self.aborted, token: notifier.ingest)
                    #expect(reply.status == 200)
                    let document = try JSONValue(parsing: reply.body, limits: .event)
                    return try #require(document["accepted"]?.integer)
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(accepted == 1)
        #expect(try await ServedNotifier.messages(notifier.eventLog).count == 1)
        await notifier.stop()
    }

    @Test("Flagger's credential is accepted at each place, and in no other form")
    func flagger() async throws {
        let notifier = try await ServedNotifier()
        let path = "/v1/hooks/flagger"
        for (path, body, header, status) in [
            (path, Self.flagger(nil), notifier.ingest, 200),
            (path, Self.flagger(notifier.ingest), nil, 200),
            (path + "/" + notifier.ingest, Self.flagger(nil), nil, 200),
            (path + "/" + notifier.ingest + "/", Self.flagger(nil), nil, 200),
            (path, Self.flagger(nil), nil, 401), (path, Self.flagger("bw_wrong"), nil, 401),
            (path, Self.flagger(notifier.read), nil, 403), (path + "/bw_wrong", "{", nil, 401),
            // A stranger does not get the faults of a body.
            (path, "{", nil, 401), (path, "{", notifier.ingest, 400),
            (path + "/" + notifier.read, Self.flagger(nil), nil, 403),
        ] as [(String, String, String?, Int)] {
            let reply = try await notifier.post(path, body, token: header)
            #expect(reply.status == status, "\(body) \(header ?? "")")
            let text = String(decoding: reply.body, as: UTF8.self)
            #expect(!text.contains(notifier.ingest) && !text.contains(notifier.read))
        }
        #expect(try await ServedNotifier.messages(notifier.eventLog) == ["rolled back"])
        await notifier.stop()
    }

    @Test("an alert that fires since last year is today's news; a line that is late keeps its time")
    func oldAlert() async throws {
        let notifier = try await ServedNotifier()
        let alert =
            #"{"alerts":[{"status":"firing","startsAt":"2020-01-01T00:00:00Z","labels":{"alertname":"DiskFull"}},{"status":"resolved","startsAt":"2020-01-01T00:00:00Z","endsAt":"2020-01-02T00:00:00Z","labels":{"alertname":"Slow"}}]}"#
        let hook = try await notifier.post(
            "/v1/hooks/alertmanager", alert, token: notifier.ingest)
        #expect(hook.status == 200)
        let late =
            #"{"ts":"2020-01-01T00:00:00Z","event":"x.late","message":"kept","node":"gw-a1"}"#
        let line = try await notifier.post("/v1/events", late, token: notifier.ingest)
        #expect(line.status == 200)
        let news = try await notifier.get("/v1/events?since=10m")
        let text = String(decoding: news.body, as: UTF8.self)
        for word in ["DiskFull", "Slow", "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"] {
            #expect(text.contains(word), "\(text)")
        }
        #expect(!text.contains("x.late"))
        let all = try await notifier.get("/v1/events")
        #expect(String(decoding: all.body, as: UTF8.self).contains(late))
        await notifier.stop()
    }

    @Test("a hook that arrives while the log closes is refused, not lost silently")
    func closing() async throws {
        let notifier = try await ServedNotifier()
        await notifier.eventLog.close()
        let reply = try await notifier.post(
            "/v1/hooks/argo-notifications", Self.aborted, token: notifier.ingest)
        #expect(reply.status == 503)
        #expect(reply.header("retry-after") != nil)
        await notifier.stop()
    }
}
