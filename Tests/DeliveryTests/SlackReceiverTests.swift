import Events
import Foundation
import Rendering
import Secrets
import State
import TestSupport
import Testing
import Transfer

@testable import Delivery

@Suite("Slack, against a strict double")
struct SlackReceiverTests {
    let bench: DeliveryBench

    init() throws { bench = try DeliveryBench() }

    private func receiver(_ url: Secret) -> SlackReceiver {
        SlackReceiver(name: "slack", url: url, deadline: .seconds(20), transfer: bench.engine)
    }

    @Test("the payload arrives as rendered")
    func delivery() async throws {
        let slack = try await SlackDouble.start()
        let attempt = await receiver(.value(slack.url)).send(Sample.digest(), to: [""])
        #expect(attempt.results.map(\.outcome) == [.sent])
        #expect(attempt.results[0].words == "200 ok")
        let request = try #require(try slack.requests().first)
        #expect(request.body == Sample.digest().slack)
        #expect(request.headers["content-type"]?.hasPrefix("application/json") == true)
    }

    @Test(
        "Slack's permanent errors are refusals, its temporary ones are not",
        arguments: [
            (400, "invalid_payload", false), (400, "no_text", false),
            (400, "invalid_blocks", false),
            (400, "user_not_found", false), (403, "action_prohibited", false),
            (403, "invalid_token", false), (404, "channel_not_found", false),
            (404, "no_service", false), (410, "channel_is_archived", false),
            (301, "moved", false), (400, "rollup_error", true), (500, "rollup_error", true),
            (503, "service_unavailable", true), (429, "rate_limited", true), (408, "slow", true),
        ])
    func answers(status: Int, word: String, isTransient: Bool) async throws {
        let slack = try await SlackDouble.start(script: [.init(status, word)])
        let attempt = await receiver(.value(slack.url)).send(Sample.digest(), to: [""])
        #expect(attempt.results[0].outcome == (isTransient ? .retry(after: nil) : .refused))
        #expect(attempt.results[0].words == "\(status) \(word)")
    }

    @Test(
        "a success that is not Slack's is not taken for one",
        arguments: [
            ("<html>Please sign in</html>", DeliveryAttempt.Outcome.retry(after: nil)),
            (" \n<!DOCTYPE html>", .retry(after: nil)), (#"{"ok":false,"error":"x"}"#, .refused),
            (#"{"success":false}"#, .refused), (#"{"ok":true}"#, .sent), ("", .sent),
            ("ok", .sent),
        ])
    func foreign(body: String, outcome: DeliveryAttempt.Outcome) async throws {
        let slack = try await SlackDouble.start(script: [.init(200, body)])
        let attempt = await receiver(.value(slack.url)).send(Sample.digest(), to: [""])
        #expect(attempt.results[0].outcome == outcome, "\(attempt)")
        #expect(attempt.results[0].words.hasPrefix("200"))
    }

    @Test("429 with Retry-After: sent again exactly then; then dead, retried, sent")
    func wholeWay() async throws {
        let slack = try await SlackDouble.start(script: [
            .init(429, "rate_limited", headers: ["Retry-After": "3"]), .init(404, "no_service"),
        ])
        let service = bench.service([receiver(.value(slack.url))])
        try await bench.running(service) {
            let start = bench.clock.wall.now
            try await bench.enqueue([Sample.digest()], service)
            try await eventually("the first try is settled") {
                try await bench.entries().first?.tries == 1
            }
            #expect(try await bench.entries().first?.due == start + .seconds(3))
            try await bench.passing(until: "the second is dead") {
                try await bench.count(.dead) == 1
            }
            #expect(try await bench.entries().first?.answer == "404 no_service")
            let now = bench.clock.wall.now
            try await bench.store.write { db in _ = try Outbox.retryDead(db, at: now) }
            service.wake()
            try await bench.passing(until: "the third is sent") {
                try await bench.count(.sent) == 1
            }
        }
        let requests = try slack.requests()
        #expect(requests.map(\.status) == [429, 404, 200])
        #expect(Set(requests.map(\.body)).count == 1)
    }

    @Test("no output contains the URL or its key, even if Slack echoes it")
    func secrets() async throws {
        let slack = try await SlackDouble.start()
        try slack.script([.init(404, "no such hook: \(slack.url) key \(slack.key)\u{1B}[31m")])
        let refused = await receiver(.value(slack.url)).send(Sample.digest(), to: [""])
        slack.kill()
        let unreachable = await receiver(.value(slack.url)).send(Sample.digest(), to: [""])
        for attempt in [refused, unreachable] {
            let reported = "\(attempt)"
            #expect(!reported.contains(slack.key))
            #expect(!reported.contains("/services/"))
            #expect(!reported.contains("\u{1B}"))
        }
        #expect(refused.results[0].words.contains("no such hook"))
    }

    @Test("the URL's file is read on each use; while it is missing the digest waits")
    func rotation() async throws {
        let slack = try await SlackDouble.start()
        let path = bench.folder.file("url")
        let receiver = receiver(.file(path))
        let missing = await receiver.send(Sample.digest(), to: [""])
        #expect(missing.results[0].outcome == .retry(after: nil))
        #expect(missing.results[0].words.contains(path))
        try Data((slack.url + "\n").utf8).write(to: URL(fileURLWithPath: path))
        let there = await receiver.send(Sample.digest(), to: [""])
        #expect(there.results[0].outcome == .sent)
        try Data("not a url\n".utf8).write(to: URL(fileURLWithPath: path))
        let broken = await receiver.send(Sample.digest(), to: [""])
        #expect(broken.results[0].outcome == .refused)
    }
}
