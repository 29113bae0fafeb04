import Events
import JSON
import EventLog
import Synchronization
import TestSupport
import Testing
import Transfer

@testable import Notifier

@Suite("POST /v1/events")
struct IngestRoutesTests {
    private func document(_ reply: HTTPReply) throws -> JSONValue {
        try JSONValue(parsing: reply.body, limits: .event)
    }

    private func count(_ reply: HTTPReply, _ name: String) throws -> Int {
        Int(try #require(try document(reply)[name]?.integer))
    }

    @Test("the same lines in many concurrent bodies are stored once, and each body is answered")
    func together() async throws {
        let notifier = try await ServedNotifier()
        let lines = (0..<20).map { ServedNotifier.line("m\($0)", id: "id-\($0)") }
        let counts = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for sender in 0..<8 {
                group.addTask {
                    // Each in another order, like senders' retries.
                    let body = (0..<20).map { lines[($0 * 7 + sender) % 20] }
                    let reply = try await notifier.post(
                        "/v1/events", body.joined(separator: "\n"), token: notifier.ingest)
                    return (try count(reply, "accepted"), try count(reply, "duplicates"))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.map { $0.0 }.reduce(0, +) == 20)
        #expect(counts.allSatisfy { $0.0 + $0.1 == 20 })
        let kept = try await ServedNotifier.messages(notifier.eventLog)
        #expect(kept.sorted() == (0..<20).map { "m\($0)" }.sorted())
        await notifier.stop()
    }

    private final class Answers: Sendable {
        private let all = Mutex<[String: Int]>([:])
        func add(_ message: String, _ status: Int) { all.withLock { $0[message] = status } }
        var acknowledged: Set<String> { Set(all.withLock { $0.filter { $0.value == 200 }.keys }) }
        var statuses: Set<Int> { Set(all.withLock { $0.values }) }
    }

    @Test("lines acknowledged while the log closes are there when it opens again")
    func closing() async throws {
        let notifier = try await ServedNotifier()
        let answers = Answers()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<6 {
                group.addTask {
                    for number in 0..<40 {
                        let message = "s\(sender)-\(number)"
                        let reply = try await notifier.post(
                            "/v1/events", ServedNotifier.line(message), token: notifier.ingest)
                        answers.add(message, reply.status)
                        if reply.status == 503 { #expect(reply.header("retry-after") != nil) }
                    }
                }
            }
            group.addTask {
                try await eventually("some are acknowledged") {
                    answers.acknowledged.count > 30
                }
                await notifier.eventLog.close()
            }
            try await group.waitForAll()
        }
        #expect(answers.statuses == [200, 503])
        let again = try await EventLog.open(ServedNotifier.configuration(notifier.folder))
        let kept = try await ServedNotifier.messages(again)
        #expect(answers.acknowledged.isSubset(of: kept))
        #expect(Set(kept).count == kept.count)
        await again.close()
        await notifier.stop()
    }

    @Test("valid lines among invalid ones are stored, and the invalid ones reported by number")
    func mixed() async throws {
        let notifier = try await ServedNotifier()
        let body = [
            ServedNotifier.line("one"), "{", ServedNotifier.line("own", node: "notifier"), "",
            ServedNotifier.line("two"), #"{"event":"x.y"}"#,
        ]
        let reply = try await notifier.post(
            "/v1/events", body.joined(separator: "\n"), token: notifier.ingest)
        #expect(reply.status == 200)
        #expect(try count(reply, "accepted") == 2)
        #expect(try count(reply, "rejected_total") == 3)
        let rejected = try document(reply)["rejected"]
        #expect((0..<3).map { rejected?.resolve(pointer: "/\($0)/line")?.integer } == [2, 3, 6])
        #expect(try await ServedNotifier.messages(notifier.eventLog) == ["one", "two"])
        await notifier.stop()
    }

    @Test("a body without a valid line stores nothing and reports why")
    func nothing() async throws {
        let notifier = try await ServedNotifier()
        for (body, status, reason) in [
            ("", 400, "no_event_accepted"), ("\n\n", 400, "no_event_accepted"),
            ("{", 400, "no_event_accepted"),
            (ServedNotifier.line("own", node: "notifier"), 409, "node_name_taken"),
        ] {
            let reply = try await notifier.post("/v1/events", body, token: notifier.ingest)
            #expect(reply.status == status, "\(body)")
            #expect(try document(reply)["reason"]?.string == reason, "\(body)")
        }
        #expect(
            try await notifier.post("/v1/events", ServedNotifier.line("a"), token: notifier.read)
                .status == 403)
        #expect(try await ServedNotifier.messages(notifier.eventLog).isEmpty)
        await notifier.stop()
    }

    @Test("with a bucket a receipt reports where the log ends after its lines, and how far it is")
    func shipped() async throws {
        let to = LogPosition(segment: 1, offset: 40)
        let notifier = try await ServedNotifier(
            shipped: ShippedLog(node: "notifier", term: 7, to: to))
        // A line that is known already, too: its position is unknown, but before the end.
        let line = ServedNotifier.line("one", id: "id-1")
        for count in ["accepted", "duplicates"] {
            let reply = try await notifier.post("/v1/events", line, token: notifier.ingest)
            #expect(try self.count(reply, count) == 1)
            let report = try #require(try document(reply)["shipped"])
            #expect(report["node"]?.string == "notifier" && report["term"]?.integer == 7)
            #expect(report["to"]?.string == "1:40")
            #expect(report["end"]?.string == notifier.eventLog.head.description)
        }
        await notifier.stop()

        let without = try await ServedNotifier()
        let reply = try await without.post("/v1/events", line, token: without.ingest)
        #expect(reply.status == 200)
        #expect(try document(reply)["shipped"] == nil)
        await without.stop()
    }
}
