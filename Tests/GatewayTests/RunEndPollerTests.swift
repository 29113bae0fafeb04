import Events
import EventLog
import Synchronization
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Gateway

@Suite("Ended runs, polled from the notifier")
struct RunEndPollerTests {
    private static let answer =
        #"{"next":"k3-7","ends":[{"namespace":"prod","rollout":"shop","revision":"17","event":"rollout.aborted","at":"2026-11-23T06:00:00.000Z"},{"namespace":"prod","rollout":"cart","revision":null,"event":"rollout.completed","at":"2026-11-23T06:00:01.000Z"}]}"#

    @Test("an answer is read with its ends and its name")
    func reading() throws {
        let answer = try #require(RunEndAnswer(Array(Self.answer.utf8)))
        #expect(answer.next == "k3-7")
        #expect(answer.ends.map(\.rollout) == ["shop", "cart"])
        #expect(answer.ends.map(\.revision) == ["17", nil])
        #expect(answer.ends[0].cause == "rollout.aborted")
        #expect(answer.ends[0].at.rfc3339 == "2026-11-23T06:00:00.000Z")
    }

    @Test(
        "anything else is no answer",
        arguments: [
            "", "null", "{}", #"{"next":"a b","ends":[]}"#, #"{"next":"a&after=b","ends":[]}"#,
            #"{"next":1,"ends":[]}"#, #"{"next":"k3-7"}"#, "<html>",
            #"{"next":"\#(String(repeating: "x", count: 65))","ends":[]}"#,
        ])
    func refusing(text: String) {
        #expect(RunEndAnswer(Array(text.utf8)) == nil)
    }

    @Test("an end that cannot be read, or of an event that ends no run, is skipped")
    func skipping() throws {
        let text =
            #"{"next":"k","ends":[1,{},{"namespace":"a","rollout":"b","event":"rollout.paused","at":"2026-11-23T06:00:00Z"},{"namespace":"a","rollout":"b","event":"rollout.aborted","at":"soon"}]}"#
        #expect(try #require(RunEndAnswer(Array(text.utf8))).ends.isEmpty)
    }

    @Test("an end applied twice is one event; the next measurement begins a new run")
    func service() async throws {
        let gateway = try await ServedGateway()
        _ = try await gateway.ask()
        let end = RunEnd(
            namespace: "prod", rollout: "shop", cause: "rollout.aborted", at: gateway.clock.wall.now
        )
        gateway.clock.advance(by: .seconds(2))
        await gateway.service.end(end)
        await gateway.service.end(end)
        gateway.clock.advance(by: .seconds(30))
        let next = try await gateway.ask()
        #expect(
            String(decoding: next.body, as: UTF8.self).contains(#""attempt":{"n":1,"epoch":2,"#))
        var reader = gateway.service.eventLog.reader(from: .start)
        let names = try await reader.next(maxLines: 100, maxBytes: 1 << 20).lines
            .map { try Event(line: $0.bytes).event }
        #expect(names == ["analysis.healthy", "run.ended", "analysis.healthy"])
        await gateway.stop()
    }

    @Test("an end in the future counts as one of now")
    func future() async throws {
        let gateway = try await ServedGateway()
        _ = try await gateway.ask()
        let ahead = gateway.clock.wall.now + .seconds(3600)
        await gateway.service.end(
            RunEnd(namespace: "prod", rollout: "shop", cause: "rollout.aborted", at: ahead))
        gateway.clock.advance(by: .seconds(30))
        // Not before an hour has passed, if the time were taken as it is.
        #expect(try await gateway.ask().status == 200)
        await gateway.stop()
    }
}
