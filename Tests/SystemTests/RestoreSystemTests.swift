import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

/// A real node with a real store: the machine dies with its disk.
@Suite("A lost machine")
final class RestoreSystemTests: Sendable {
    private let engine = TransferEngine(telemetry: .silent)
    private let store: ObjectStore
    private let prefix = "restore/\(UInt64.random(in: .min ... .max))"

    init() async throws { store = try await ObjectStore.shared() }

    deinit { engine.shutdown() }

    private func node(_ endpoint: String? = nil, more: String = "") throws -> NodeProcess {
        try NodeProcess(
            "nf", engine: engine,
            yaml: """
                allow_inline_secrets: true
                roles: [notifier]
                receivers: [{name: kept, kind: file}]
                route: {receivers: [kept]}
                digest: {first_after: 100ms, window: 300ms, max_window: 1s, repeat: 1h}

                """ + store.section(prefix, endpoint: endpoint) + more)
    }

    /// Takes the data folder away; the new machine has the certificate, as from a mounted Secret.
    private func wipe(_ node: NodeProcess) async throws {
        let lost = node.folder.file("lost")
        try? FileManager.default.removeItem(atPath: lost)
        try FileManager.default.moveItem(atPath: node.data, toPath: lost)
        try FileManager.default.createDirectory(
            atPath: node.data, withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: lost + "/tls", toPath: node.data + "/tls")
    }

    /// The digests, and what became of their deliveries, as the node shows them.
    private func decided(_ node: NodeProcess) async throws -> [JSONValue] {
        func tree(_ path: String) async throws -> JSONValue {
            let reply = try await node.get(path, token: node.token("read"))
            return try JSONValue(
                parsing: reply.body, limits: JSONLimits(maxBytes: 8 << 20, maxDepth: 64))
        }
        let digests = try #require(try await tree("/v1/digests")["digests"]?.elements)
        let deliveries = try #require(try await tree("/v1/outbox?state=sent").elements)
        // Not the number in the state file, and not the tries: those of one life.
        let kept = ["digest", "receiver", "recipient", "state", "settled", "answer"]
        return digests
            + deliveries.map { delivery in
                .array(kept.compactMap { delivery[$0] })
            }
    }

    private static let alert = """
        {"version":"4","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"High5xx",\
        "namespace":"prod","rollout":"payments-api"},"annotations":{},"startsAt":"2026-11-30T00:00:00Z"}]}
        """

    @Test("after kill -9 and a wiped disk, the node has every shipped line and goes on")
    func lostMachine() async throws {
        let node = try node()
        let first = try node.start()
        defer { first.kill() }
        try await node.untilReady()
        var body = ""
        for number in 0..<500 {
            body +=
                #"{"ts":"2026-11-30T00:00:00Z","event":"test.line","node":"gw","epoch":"e","seq":\#(number + 1)}"#
                + "\n"
        }
        let sent = try await node.post("/v1/events", token: node.token("ingest"), body)
        #expect(sent.status == 200)
        // A hook's answer comes when everything before it is in the bucket, too.
        let hook = try await node.post(
            "/v1/hooks/alertmanager", token: node.token("ingest"), Self.alert,
            type: "application/json")
        #expect(hook.status == 200, "\(String(decoding: hook.body, as: UTF8.self))")
        // A digest that was sent, and a silence, are decisions in the log.
        try await SilenceSystemTests.fail("shop", on: node)
        try await eventually("the digest is recorded as sent") {
            try await node.stored().contains(#""event":"delivery.sent""#)
        }
        let (silence, added) = try await node.command(
            "silence", "add", "rollout=other", "--for", "1h", "--who", "alice", "--why", "moving")
        #expect(added == .code(0))
        let id = silence.trimmingCharacters(in: .whitespacesAndNewlines)
        // The node appends what a command decided, within about a second.
        try await eventually("the silence is in the log") {
            try await node.stored().contains(#""event":"silence.added""#)
        }
        let last = try await node.post(
            "/v1/hooks/alertmanager", token: node.token("ingest"),
            Self.alert, type: "application/json")
        #expect(last.status == 200)
        let decisions = try await decided(node)
        #expect(decisions.count >= 2)
        // The node's own lines before this one are in the bucket, too, when it is answered.
        let mark = #"{"ts":"2026-11-30T00:00:00Z","event":"test.mark","id":"mark"}"#
        #expect(try await node.post("/v1/events", token: node.token("ingest"), mark).status == 200)
        let held = try await node.stored()
        #expect(held.split(separator: "\n").count >= 501)
        first.kill()
        try await first.waitForExit()
        try await wipe(node)

        let second = try node.start()
        defer { second.kill() }
        try await node.untilReady()
        #expect(try await node.stored().hasPrefix(held))
        // Every decision of the lost machine is one of the new one.
        let regained = try await decided(node)
        for decision in decisions { #expect(regained.contains(decision), "\(decision)") }
        let silences = try await node.command("silence", "list", "--json")
        #expect(silences.output.contains(id), "\(silences.output)")
        // What was sent is not sent again: the next digest is about the next failure alone.
        try await SilenceSystemTests.fail("third", on: node)
        try await eventually("the third rollout is reported") {
            try node.kept().contains { $0.contains("third") }
        }
        #expect(try !node.kept().contains { $0.contains("shop") })
        let again = try await node.post("/v1/events", token: node.token("ingest"), body)
        #expect(
            String(decoding: again.body, as: UTF8.self)
                .hasPrefix(#"{"accepted":0,"duplicates":500"#))

        // Off line, while the node runs.
        let folder = node.folder.file("copy")
        let restored = try await CommandRun(
            ["restore", "--config", node.configuration, folder], in: node.folder.path)
        #expect(restored.exit == .code(0), "\(restored.errors)")
        let copy = try String(contentsOfFile: folder + "/log/active.jsonl", encoding: .utf8)
        #expect(held.split(separator: "\n").allSatisfy { copy.contains($0 + "\n") })
    }

    /// One post of each route and form: path, type, body, and what its line contains.
    private static let posts = [
        (
            "/v1/events", "application/x-ndjson",
            #"{"ts":"2026-11-30T00:00:00Z","event":"x.line","id":"a-line"}"#, "x.line"
        ),
        (
            "/v1/events", "application/cloudevents+json",
            #"{"specversion":"1.0","id":"1","source":"s","type":"x.cloudevent"}"#, "x.cloudevent"
        ),
        (
            "/v1/logs", "application/json",
            #"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"x.otel"}]}]}]}"#, "x.otel"
        ),
        ("/v1/hooks/alertmanager", "application/json", alert, "High5xx"),
    ]

    @Test("whoever gets a 200 need not send again: the machine may be lost at that moment")
    func acknowledged() async throws {
        // New lines would wait an hour, if nobody waited for them.
        let node = try NodeProcess(
            "nf", engine: engine,
            yaml: "allow_inline_secrets: true\nroles: [notifier]\n"
                + store.section(prefix, ship: "1h"))
        for (path, type, body, mark) in Self.posts {
            let process = try node.start()
            try await node.untilReady()
            let reply = try await node.post(path, token: node.token("ingest"), body, type: type)
            process.kill()
            #expect(reply.status == 200, "\(path): \(String(decoding: reply.body, as: UTF8.self))")
            try await process.waitForExit()
            try await wipe(node)
            let second = try node.start()
            try await node.untilReady()
            #expect(try await node.stored().contains(mark), "\(path)")
            second.kill()
            try await second.waitForExit()
        }
    }

    @Test("a node whose successor writes ends with 3 at its next write, and names it")
    func overtaken() async throws {
        let (first, second) = (try node(), try node())
        let old = try first.start()
        defer { old.kill() }
        try await first.untilReady()
        let new = try second.start()
        defer { new.kill() }
        try await second.untilReady()
        // Not answered, or 503: its lines are in no bucket.
        let line = #"{"ts":"2026-11-30T00:00:00Z","event":"x.line","id":"1"}"#
        let answer = try? await first.post("/v1/events", token: first.token("ingest"), line)
        #expect(answer?.status != 200)
        #expect(try await old.waitForExit() == .code(3))
        #expect(old.errors.contains("(nf) continues the log in the bucket"), "\(old.errors)")
    }

    @Test("a hook waits for the bucket; a folder that was overtaken is not mixed with the bucket's")
    func fence() async throws {
        let proxy = try await StoreProxy.start(
            store, .init(faults: ["PUT": [.none, .none, .none]], always: ["PUT": .denied]))
        let first = try node(proxy.endpoint)
        let process = try first.start()
        defer { process.kill() }
        try await first.untilReady()
        let token = try first.token("ingest")
        // At once: each waits for eight seconds.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (path, type, body, _) in Self.posts {
                group.addTask {
                    let away = try await first.post(path, token: token, body, type: type)
                    #expect(away.status == 503, "\(path)")
                    #expect(
                        String(decoding: away.body, as: UTF8.self).contains("bucket_away"),
                        "\(path)")
                }
            }
            try await group.waitForAll()
        }

        let second = try node()
        let other = try second.start()
        defer { other.kill() }
        try await second.untilReady()
        let hook = try await second.post(
            "/v1/hooks/alertmanager", token: second.token("ingest"), Self.alert,
            type: "application/json")
        #expect(hook.status == 200)
        other.kill()
        process.kill()
        try await process.waitForExit()

        // The first folder, now with a way to the store, holds a line that the bucket never had.
        let text = try String(contentsOfFile: first.configuration, encoding: .utf8)
        try text.replacing(proxy.endpoint, with: store.endpoint)
            .write(toFile: first.configuration, atomically: true, encoding: .utf8)
        let returned = try first.start()
        #expect(try await returned.waitForExit() == .code(78))
        #expect(returned.errors.contains("lacks lines of this folder"), "\(returned.errors)")
    }

    @Test("a gateway keeps what the notifier has acknowledged until the bucket has it")
    func gatewayKeeps() async throws {
        let proxy = try await StoreProxy.start(
            store, .init(faults: ["PUT": [.none, .none, .none]], always: ["PUT": .denied]))
        let tokens = try TemporaryDirectory("tokens")
        try "gateways-secret-of-the-mount\n".write(
            toFile: tokens.file("ingest"), atomically: true, encoding: .utf8)
        let auth = """

            auth: {token_files: [{path: \(tokens.path)/ingest, name: gateways, scopes: [ingest]}]}

            """
        let notifier = try node(proxy.endpoint, more: auth)
        let first = try notifier.start()
        defer { first.kill() }
        try await notifier.untilReady()
        let gateway = try NodeProcess(
            "gw", engine: engine,
            yaml: """
                roles: [gateway]
                analysis: {probes: [{name: node, kind: disk, path: /}], checks: [{id: gateway.disk_ok}], concerns: {}}
                forward:
                  to: "\(notifier.url)"
                  token_file: \(tokens.path)/ingest
                  ca_file: \(notifier.certificate)
                  retry_ceiling: 200ms
                """)
        let measuring = try gateway.start()
        defer { measuring.kill() }
        try await gateway.untilReady()
        for attempt in 1...3 {
            let rollout = "payments-\(attempt)"
            #expect(try await gateway.measure(#"{"rollout":"\#(rollout)"}"#).status == 200)
        }
        // The notifier has them, on its disk alone.
        try await eventually("the notifier has the verdicts") {
            let log = try await notifier.stored()
            return (1...3).allSatisfy { log.contains("payments-\($0)") }
        }
        first.kill()
        try await first.waitForExit()
        try await wipe(notifier)

        let text = try String(contentsOfFile: notifier.configuration, encoding: .utf8)
        try text.replacing(proxy.endpoint, with: store.endpoint)
            .write(toFile: notifier.configuration, atomically: true, encoding: .utf8)
        let second = try notifier.start()
        defer { second.kill() }
        try await notifier.untilReady()
        try await eventually("the new notifier has the verdicts", within: .seconds(60)) {
            let log = try await notifier.stored()
            return (1...3).allSatisfy { attempt in
                log.split(separator: "\n").count { $0.contains("payments-\(attempt)") } == 1
            }
        }
    }
}
