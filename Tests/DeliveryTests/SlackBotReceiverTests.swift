import Events
import Foundation
import Rendering
import Secrets
import State
import TestSupport
import Testing
import Transfer

@testable import Delivery

@Suite("Slack bot, against a strict double")
struct SlackBotReceiverTests {
    let bench: DeliveryBench

    init() throws { bench = try DeliveryBench() }

    private func receiver(_ slack: SlackDouble, token: Secret? = nil) -> SlackBotReceiver {
        SlackBotReceiver(
            name: "live", token: token ?? .value(slack.key), channel: "C0123456789",
            api: slack.apiURL, deadline: .seconds(20), transfer: bench.engine)
    }

    private func digest(_ n: Int, kind: String = "failing", thread: String = "g1") -> RenderedDigest
    {
        RenderedDigest(
            id: "\(thread).\(n)", thread: thread, subject: "s", slack: #"{"text":"whole \#(n)"}"#,
            text: "t", html: "h", model: "{}", kind: kind, groupKey: "k",
            composedAt: Timestamp(milliseconds: 1_766_000_000_123),
            slackReply: #"{"text":"reply \#(n)"}"#)
    }

    @Test("one message per incident, updated in place, with replies in its thread")
    func live() async throws {
        let slack = try await SlackDouble.startAPI()
        let service = bench.service([receiver(slack)])
        try await bench.running(service) {
            for n in 1...2 { try await bench.enqueue([digest(n)], service) }
            try await bench.enqueue([digest(1, thread: "g2")], service)
            try await bench.enqueue([digest(3, kind: "recovered")], service)
            try await bench.passing(until: "everything is sent") {
                try await bench.count(.sent) == 4
            }
        }
        let messages = try slack.messages()
        let parents = messages.filter { $0.thread_ts == nil }
        #expect(parents.map(\.text) == ["whole 3", "whole 1"])
        #expect(parents.map(\.edits) == [2, 0])
        #expect(parents[0].metadata.event_payload["id"] == "g1.3")
        let replies = messages.filter { $0.thread_ts != nil }
        #expect(replies.map(\.text) == ["reply 2", "reply 3"])
        #expect(replies.allSatisfy { $0.thread_ts == parents[0].ts })
        #expect(replies.map(\.reply_broadcast) == [nil, true])
    }

    @Test("the message's position survives a restart")
    func durable() async throws {
        let slack = try await SlackDouble.startAPI()
        for n in 1...2 {
            // A new service each time: only the store has state.
            let service = bench.service([receiver(slack)])
            try await bench.running(service) {
                try await bench.enqueue([digest(n)], service)
                try await bench.passing(until: "digest \(n) is sent") {
                    try await bench.count(.sent) == n
                }
            }
        }
        #expect(try slack.messages().map(\.text) == ["whole 2", "reply 2"])
    }

    @Test("a failed reply is retried; repeating the update before it is harmless")
    func replyFails() async throws {
        let busy = SlackDouble.Answer(
            429, #"{"ok":false,"error":"ratelimited"}"#, headers: ["Retry-After": "7"])
        let slack = try await SlackDouble.startAPI(script: [nil, nil, busy])
        let service = bench.service([receiver(slack)])
        try await bench.running(service) {
            try await bench.enqueue([digest(1), digest(2)], service)
            try await bench.passing(until: "both are sent") { try await bench.count(.sent) == 2 }
        }
        let messages = try slack.messages()
        #expect(messages.map(\.text) == ["whole 2", "reply 2"])
        #expect(messages[0].edits == 2)
        let tried = try #require(try await bench.entries().first)
        #expect(tried.tries == 2)
    }

    @Test("a deleted message is posted again")
    func gone() async throws {
        let slack = try await SlackDouble.startAPI(script: [
            nil, .init(200, #"{"ok":false,"error":"message_not_found"}"#),
        ])
        let service = bench.service([receiver(slack)])
        try await bench.running(service) {
            try await bench.enqueue([digest(1), digest(2)], service)
            try await bench.passing(until: "both are sent") { try await bench.count(.sent) == 2 }
        }
        #expect(try slack.messages().map(\.text) == ["whole 1", "whole 2"])
        #expect(try slack.messages().allSatisfy { $0.thread_ts == nil })
    }

    @Test(
        "Slack's response decides whether the delivery is retried",
        arguments: [
            ("invalid_auth", false), ("channel_not_found", false), ("not_in_channel", false),
            ("is_archived", false), ("invalid_blocks", false), ("ratelimited", true),
            ("internal_error", true), ("service_unavailable", true), ("anything_new", false),
        ])
    func answers(word: String, isTransient: Bool) async throws {
        let slack = try await SlackDouble.startAPI(script: [
            .init(200, #"{"ok":false,"error":"\#(word)"}"#)
        ])
        let attempt = await receiver(slack).send(digest(1), to: [""])
        #expect(attempt.results[0].outcome == (isTransient ? .retry(after: nil) : .refused))
        #expect(attempt.results[0].words == "chat.postMessage: \(word)")
        #expect(!"\(attempt)".contains(slack.key))
    }

    @Test("a rotated token works at once")
    func rotation() async throws {
        let slack = try await SlackDouble.startAPI()
        let file = bench.folder.file("token")
        try "old".write(toFile: file, atomically: true, encoding: .utf8)
        let receiver = receiver(slack, token: .file(file))
        #expect(await receiver.send(digest(1), to: [""]).results[0].outcome == .refused)
        try slack.key.write(toFile: file, atomically: true, encoding: .utf8)
        #expect(await receiver.send(digest(1), to: [""]).results[0].outcome == .sent)
    }
}
