import Core
import Events
import EventLog
import HTTPTypes
import JSON
import Server
import State
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

    @Test("ends that were reported while no answer came are applied at the first answer")
    func away() async throws {
        let gateway = try await ServedGateway()
        let body = #"{"rollout":"shop","namespace":"prod","revision":"17"}"#
        func attempt() async throws -> String {
            let tree = try JSONValue(
                parsing: try await gateway.ask(body).body,
                limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 16))
            let number = try #require(tree["attempt"])
            return "\(number["epoch"]?.integer ?? 0).\(number["n"]?.integer ?? 0)"
        }
        #expect(try await attempt() == "1.1")
        let answer =
            #"{"next":"k-1","ends":[{"namespace":"prod","rollout":"shop","revision":"17","event":"rollout.aborted","at":"\#(gateway.clock.wall.now.rfc3339)"}]}"#
        let isAway = Mutex(true)
        let asked = Mutex<[String]>([])
        let folder = try TemporaryDirectory()
        let server = try HTTPServer(
            HTTPServerConfiguration(
                address: ListenAddress(host: "127.0.0.1", port: 0),
                tls: try SelfSignedCertificate.files(in: folder.file("tls"), names: ["127.0.0.1"])),
            routes: [
                Route(.get, "/v1/run-ends", access: .open) { exchange in
                    asked.withLock { $0.append(exchange.query ?? "") }
                    if isAway.withLock({ $0 }) {
                        throw Problem.retryLater(
                            .serviceUnavailable, "away", "not now", after: .seconds(1))
                    }
                    return .bytes(Array(answer.utf8))
                }
            ],
            tokens: try await TokenRegistry(store: Store(path: folder.file("state.sqlite"))),
            telemetry: .silent)
        let serving = Task { try await server.run() }
        let port = try await server.address.port
        let engine = TransferEngine(telemetry: .silent)
        let service = gateway.service
        let poller = RunEndPoller(
            Forwarder.Configuration(
                to: ["https://127.0.0.1:\(port)"], token: nil, trust: .insecure,
                retry: RetryPolicy(
                    initial: .milliseconds(1), factor: 1, ceiling: .milliseconds(1))),
            as: GatewayPresence(node: "gw-a1", az: "az-1"), transfer: engine,
            telemetry: .silent, every: .milliseconds(1)
        ) { await service.end($0) }
        let polling = Task { await poller.run() }
        try await eventually("it goes on polling") { asked.withLock { $0.count } >= 3 }
        // Until then the run goes on: a retry within two intervals is part of it.
        gateway.clock.advance(by: .seconds(30))
        #expect(try await attempt() == "1.2")
        isAway.withLock { $0 = false }
        try await eventually("the answer is applied") {
            asked.withLock { $0.contains("after=k-1") }
        }
        gateway.clock.advance(by: .seconds(30))
        #expect(try await attempt() == "2.1")
        // A gateway that has just started asks for all ends, so that none of its absence is lost.
        #expect(asked.withLock { $0.first } == "")
        polling.cancel()
        await polling.value
        serving.cancel()
        engine.shutdown()
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
