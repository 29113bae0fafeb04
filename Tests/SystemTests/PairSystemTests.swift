import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

/// Two real notifiers on one real store.
@Suite("A pair of notifiers")
final class PairSystemTests: Sendable {
    private let engine = TransferEngine(telemetry: .silent)
    private let store: ObjectStore
    private let prefix = "pair/\(UInt64.random(in: .min ... .max))"

    init() async throws { store = try await ObjectStore.shared() }

    deinit { engine.shutdown() }

    private func node(
        _ endpoint: String? = nil, ship: String = "200ms", away: String = "hold", ca: String = "",
        window: String = "300ms"
    ) throws -> NodeProcess {
        let node = try NodeProcess(
            "nf", engine: engine,
            yaml: """
                allow_inline_secrets: true
                roles: [notifier]
                receivers: [{name: kept, kind: file}]
                route: {receivers: [kept]}
                digest: {first_after: 100ms, window: \(window), max_window: 1s, repeat: 1h}

                """ + store.section(prefix, endpoint: endpoint, ship: ship))
        let text = try String(contentsOfFile: node.configuration, encoding: .utf8)
        let pair =
            #"ha: {lease: 2s, advertise: "\#(node.url)", bucket_away: \#(away), ca_file: "\#(ca)"}"#
        try (text + pair + "\n").write(
            toFile: node.configuration, atomically: true, encoding: .utf8)
        return node
    }

    private func leads(_ node: NodeProcess) async -> Bool {
        (try? await node.get("/readyz?role=leader"))?.status == 200
    }

    private func untilLeading(_ node: NodeProcess) async throws {
        try await eventually("it leads") { await self.leads(node) }
    }

    /// Starts both; the first one leads.
    private func start(
        _ a: NodeProcess, _ b: NodeProcess
    ) async throws -> (ChildProcess, ChildProcess) {
        let first = try a.start()
        try await a.untilReady()
        try await untilLeading(a)
        let second = try b.start()
        try await b.untilReady()
        return (first, second)
    }

    private static func lines(_ numbers: Range<Int>) -> String {
        numbers.map {
            #"{"ts":"2026-11-30T00:00:00Z","event":"test.line","node":"gw","epoch":"e","seq":\#($0 + 1)}"#
                + "\n"
        }.joined()
    }

    @Test("the other node has every line, takes over after kill -9, and sends nothing again")
    func takeover() async throws {
        let (a, b) = (try node(), try node())
        let (first, second) = try await start(a, b)
        defer {
            first.kill()
            second.kill()
        }
        #expect(await !leads(b))

        let refused = try await b.post(
            "/v1/events", token: b.token("ingest"), Self.lines(0..<1))
        #expect(refused.status == 503)
        try await eventually("the follower names the leader") {
            let reply = try await b.post(
                "/v1/events", token: b.token("ingest"), Self.lines(0..<1))
            let text = String(decoding: reply.body, as: UTF8.self)
            return text.contains(#""reason":"not_leader""#) && text.contains(a.url)
        }
        let sent = try await a.post(
            "/v1/events", token: a.token("ingest"), Self.lines(0..<500))
        #expect(sent.status == 200)
        try await SilenceSystemTests.fail("shop", on: a)
        try await eventually("the leader's log is at the follower") {
            let (own, copy) = (try await a.stored(), try await b.stored())
            return own.contains(#""event":"delivery.sent""#) && own == copy
        }
        let digests = try await b.get("/v1/digests", token: b.token("read"))
        try await eventually("the follower shows the leader's digests") {
            let digests = try await b.get("/v1/digests", token: b.token("read"))
            return String(decoding: digests.body, as: UTF8.self).contains("shop")
        }
        #expect(digests.status == 200)
        let held = try await a.stored()
        first.kill()
        try await first.waitForExit()

        try await untilLeading(b)
        #expect(try await b.stored().hasPrefix(held))
        try await SilenceSystemTests.fail("third", on: b)
        try await eventually("the next failure is reported by the new leader") {
            try b.kept().contains { $0.contains("third") }
        }
        #expect(try !b.kept().contains { $0.contains("shop") })
        let again = try await b.post(
            "/v1/events", token: b.token("ingest"), Self.lines(0..<500))
        #expect(
            String(decoding: again.body, as: UTF8.self)
                .hasPrefix(#"{"accepted":0,"duplicates":500"#))

        // The first node follows now.
        let returned = try a.start()
        defer { returned.kill() }
        try await a.untilReady()
        try await eventually("both logs are equal") {
            try await a.stored() == b.stored()
        }
        #expect(await !leads(a))
        let (words, asked) = try await a.command("ha", "status")
        #expect(asked == .code(0))
        #expect(words.contains("follows \(b.url)"), "\(words)")
        // Into the folder of the follower it would be unknown to the leader.
        let silence = try await a.command("silence", "add", "rollout=x", "--for", "1h")
        #expect(silence.exit == .code(64))
        let retry = try await a.command("outbox", "retry", "--dead")
        #expect(retry.exit == .code(64))

        let pages = [
            String(decoding: try await a.get("/metrics").body, as: UTF8.self),
            String(decoding: try await b.get("/metrics").body, as: UTF8.self),
        ]
        #expect(pages[0].contains("\nbellwether_ha_leading 0\n"))
        #expect(pages[1].contains("\nbellwether_ha_leading 1\n"))
        #expect(pages[1].contains("\nbellwether_ha_takeovers_total 1\n"))
        for page in pages {
            #expect(page.contains("\nbellwether_ha_alone_total 0\n"))
            #expect(page.contains("\nbellwether_ha_orphaned_lines_total 0\n"))
        }

        // Both know each other by now; B hands over.
        try await eventually("the hand-over is accepted") {
            try await b.command("ha", "hand-over").exit == .code(0)
        }
        #expect(try await second.waitForExit() == .code(3))
        try await untilLeading(a)
    }

    @Test("a follower with another configuration says so; with the same one it does not")
    func differs() async throws {
        let (a, b) = (try node(), try node(window: "400ms"))
        let (first, second) = try await start(a, b)
        defer {
            first.kill()
            second.kill()
        }
        try await eventually("the readiness names the difference") {
            let text = String(
                decoding: try await b.get("/readyz", token: b.token("read")).body, as: UTF8.self)
            return text.contains(#""ha:same":[{"status":"warn""#)
                && text.contains("differs from the leader: policy;")
        }
        #expect(try await b.get("/readyz").status == 200)
        try await eventually("the log says it") {
            second.errors.contains("another configuration or executable than the leader")
        }
        let (words, asked) = try await b.command("ha", "status")
        #expect(asked == .code(0))
        #expect(words.contains("its configuration differs from the leader's"), "\(words)")
        #expect(!words.contains("executable"), "\(words)")
        let leader = try await a.command("ha", "status")
        #expect(!leader.output.contains("differs"), "\(leader.output)")

        // A reload with the leader's configuration ends it.
        let text = try String(contentsOfFile: b.configuration, encoding: .utf8)
        try text.replacing("window: 400ms", with: "window: 300ms")
            .write(toFile: b.configuration, atomically: true, encoding: .utf8)
        second.send(SIGHUP)
        try await eventually("both have one configuration") {
            String(decoding: try await b.get("/readyz", token: b.token("read")).body, as: UTF8.self)
                .contains(#""ha:same":[{"status":"pass""#)
        }
    }

    @Test("SIGTERM hands over without waiting for the lease")
    func terminate() async throws {
        let (a, b) = (try node(), try node())
        let (first, second) = try await start(a, b)
        defer {
            first.kill()
            second.kill()
        }
        #expect(
            try await a.post("/v1/events", token: a.token("ingest"), Self.lines(0..<50)).status
                == 200)
        let held = try await a.stored()
        first.terminate()
        #expect(try await first.waitForExit() == .code(0))
        try await untilLeading(b)
        #expect(try await b.stored().hasPrefix(held))
    }

    @Test("lines that a killed leader had acknowledged and not copied reach the new leader")
    func surplus() async throws {
        let proxy = try await StoreProxy.start(store, .init())
        // The first node copies late, so that it has lines that the bucket lacks.
        let (a, b) = (try node(proxy.endpoint, ship: "1h"), try node())
        let (first, second) = try await start(a, b)
        defer {
            first.kill()
            second.kill()
        }
        // As a gateway, which keeps them itself: other posts are answered when the bucket has them.
        let sent = try await a.post(
            "/v1/events", token: a.token("ingest"), Self.lines(0..<50),
            headers: [("Bellwether-Wait-For", "disk")])
        #expect(sent.status == 200)
        first.kill()
        try await first.waitForExit()
        try await untilLeading(b)
        #expect(
            try await b.post("/v1/events", token: b.token("ingest"), Self.lines(50..<60)).status
                == 200)
        let returned = try a.start()
        #expect(try await returned.waitForExit() == .code(3))
        #expect(returned.errors.contains("were not in the bucket"), "\(returned.errors)")
        let third = try a.start()
        defer { third.kill() }
        try await a.untilReady()
        try await eventually("the new leader has them, once", within: .seconds(90)) {
            let log = try await b.stored()
            return (1...60).allSatisfy { number in
                log.split(separator: "\n").count { $0.contains("\"seq\":\(number)}") } == 1
            }
        }
        try await eventually("both logs are equal") {
            try await a.stored() == b.stored()
        }
    }
}
