import EventLog
import Events
import JSON
import Synchronization
import TestSupport
import Testing
import Transfer

@testable import Notifier

/// Every post that is acknowledged follows one rule, whatever its form and route.
@Suite("When a post is answered")
struct PostAnswersTests {
    /// One body of each route and form.
    struct Post: Sendable, CustomTestStringConvertible {
        let name: String
        let path: String
        let type: String
        let body: String
        var headers: [(String, String)] = []

        var testDescription: String { name }

        static let lines = Post(
            name: "lines", path: "/v1/events", type: "application/x-ndjson",
            body: ServedNotifier.line("m", id: "one"))

        static let all = [
            lines,
            Post(
                name: "a CloudEvent", path: "/v1/events", type: "application/cloudevents+json",
                body: #"{"specversion":"1.0","id":"1","source":"s","type":"x.y","data":{}}"#),
            Post(
                name: "a batch of CloudEvents", path: "/v1/events",
                type: "application/cloudevents-batch+json",
                body: #"[{"specversion":"1.0","id":"1","source":"s","type":"x.y"}]"#),
            Post(
                name: "a CloudEvent in headers", path: "/v1/events", type: "application/json",
                body: #"{"level":"warn"}"#,
                headers: [
                    ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "s"),
                    ("ce-type", "x.y"),
                ]),
            Post(
                name: "OTLP logs", path: "/v1/logs", type: "application/json",
                body:
                    #"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"x.y","body":{"stringValue":"m"}}]}]}]}"#
            ),
            Post(
                name: "Argo's hook", path: "/v1/hooks/argo-notifications", type: "application/json",
                body:
                    #"{"trigger":"on-rollout-aborted","object":{"metadata":{"name":"pay","namespace":"prod","resourceVersion":"7"},"status":{}}}"#
            ),
            Post(
                name: "Alertmanager's hook", path: "/v1/hooks/alertmanager",
                type: "application/json",
                body:
                    #"{"version":"4","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"a","rollout":"pay"},"annotations":{},"startsAt":"2026-11-30T00:00:00Z"}]}"#
            ),
            Post(
                name: "Flagger's hook", path: "/v1/hooks/flagger", type: "application/json",
                body:
                    #"{"name":"pay","namespace":"prod","phase":"Failed","checksum":"85d5","metadata":{"eventMessage":"m","eventType":"Warning","timestamp":"1578607635167"}}"#
            ),
        ]
    }

    private func send(
        _ post: Post, to notifier: ServedNotifier, more: [(String, String)] = []
    ) async throws -> HTTPReply {
        try await notifier.post(
            post.path, post.body, token: notifier.ingest, headers: post.headers + more,
            type: post.type)
    }

    @Test("with a bucket, a post is answered when its lines are there", arguments: Post.all)
    func waits(post: Post) async throws {
        let gate = TestGate()
        let ends = Mutex<[LogPosition]>([])
        let notifier = try await ServedNotifier(
            answers: PostAnswers { end in
                ends.withLock { $0.append(end) }
                await gate.pass()
                return true
            })
        let isAnswered = Mutex(false)
        let sending = Task {
            let reply = try await send(post, to: notifier)
            isAnswered.withLock { $0 = true }
            return reply
        }
        await gate.arrivals()
        #expect(!isAnswered.withLock { $0 })
        // The wait is for the line that was stored.
        #expect(ends.withLock { $0 } == [notifier.eventLog.head])
        #expect(try await ServedNotifier.messages(notifier.eventLog).count == 1)
        gate.open()
        let reply = try await sending.value
        #expect(reply.status == 200, "\(String(decoding: reply.body, as: UTF8.self))")
        await notifier.stop()
    }

    @Test(
        "if the bucket does not answer in time, the post is not acknowledged and can be sent again",
        arguments: Post.all)
    func away(post: Post) async throws {
        let isThere = Mutex(false)
        let notifier = try await ServedNotifier(
            answers: PostAnswers { _ in isThere.withLock { $0 } })
        let refused = try await send(post, to: notifier)
        #expect(refused.status == 503)
        #expect(refused.header("retry-after") != nil)
        let document = try JSONValue(parsing: refused.body, limits: .event)
        #expect(document["reason"]?.string == "bucket_away")
        #expect(try await ServedNotifier.messages(notifier.eventLog).count == 1)
        isThere.withLock { $0 = true }
        let reply = try await send(post, to: notifier)
        #expect(reply.status == 200)
        #expect(try await ServedNotifier.messages(notifier.eventLog).count == 1, "stored once")
        await notifier.stop()
    }

    @Test("a post that waits holds no memory for its body, of which others have too little then")
    func memory() async throws {
        let gate = TestGate()
        let notifier = try await ServedNotifier(
            answers: PostAnswers { _ in
                await gate.pass()
                return true
            }, memory: 4 << 20)
        // One credential may hold three eighths of the memory: two such bodies.
        let body = { @Sendable (number: Int) -> String in
            (0..<12).map { line in
                ServedNotifier.line(
                    String(repeating: "x", count: 50_000), id: "\(number)-\(line)")
            }.joined(separator: "\n")
        }
        let posts = 8
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<posts {
                group.addTask {
                    try await notifier.post("/v1/events", body(number), token: notifier.ingest)
                        .status
                }
                try await eventually("post \(number) is stored and waits") {
                    gate.arrived == number + 1
                }
            }
            let kept = try await notifier.post(
                "/v1/events", body(posts), token: notifier.ingest,
                headers: [("Bellwether-Wait-For", "disk")])
            #expect(kept.status == 200)
            gate.open()
            for try await status in group { #expect(status == 200) }
        }
        await notifier.stop()
    }

    @Test("a sender that keeps its lines is answered when they are on the disk")
    func keeps() async throws {
        let asked = Mutex(0)
        let notifier = try await ServedNotifier(
            answers: PostAnswers { _ in
                asked.withLock { $0 += 1 }
                return false
            })
        let kept = try await send(.lines, to: notifier, more: [("bellwether-wait-for", "disk")])
        #expect(kept.status == 200)
        #expect(asked.withLock { $0 } == 0)
        for value in ["bucket", "", "dusk"] {
            let reply = try await send(
                .lines, to: notifier, more: [("Bellwether-Wait-For", value)])
            #expect(reply.status == 503, "\(value)")
        }
        #expect(asked.withLock { $0 } == 3)
        // What is refused whole waits for nothing.
        let bad = try await notifier.post("/v1/events", "{}", token: notifier.ingest)
        #expect(bad.status == 400)
        #expect(asked.withLock { $0 } == 3)
        await notifier.stop()
    }
}
