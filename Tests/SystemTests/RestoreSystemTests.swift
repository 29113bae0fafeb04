import Foundation
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

    private func node(_ endpoint: String? = nil) throws -> NodeProcess {
        try NodeProcess(
            "nf", engine: engine,
            yaml: """
                allow_inline_secrets: true
                roles: [notifier]
                receivers: [{name: kept, kind: file}]
                route: {receivers: [kept]}
                bucket:
                  url: "s3://\(ObjectStore.bucket)/\(prefix)"
                  endpoint: "\(endpoint ?? store.endpoint)"
                  ship: 200ms
                  credentials:
                    access_key: \(ObjectStore.accessKey)
                    secret_key: "\(ObjectStore.secretKey)"
                """)
    }

    private func stored(_ node: NodeProcess) async throws -> String {
        let reply = try await node.get(
            "/v1/events?limit=10000&since=2020-01-01T00:00:00Z", token: node.token("read"))
        #expect(reply.status == 200)
        return String(decoding: reply.body, as: UTF8.self)
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
        let held = try await stored(node)
        #expect(held.split(separator: "\n").count >= 501)
        first.kill()
        try await first.waitForExit()
        try FileManager.default.removeItem(atPath: node.data)

        let second = try node.start()
        defer { second.kill() }
        try await node.untilReady()
        #expect(try await stored(node).hasPrefix(held))
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

    @Test("a hook waits for the bucket; a folder that was overtaken is not mixed with the bucket's")
    func fence() async throws {
        let proxy = try await StoreProxy.start(
            store, .init(faults: ["PUT": [.none, .none]], always: ["PUT": .denied]))
        let first = try node(proxy.endpoint)
        let process = try first.start()
        defer { process.kill() }
        try await first.untilReady()
        let away = try await first.post(
            "/v1/hooks/alertmanager", token: first.token("ingest"), Self.alert,
            type: "application/json")
        #expect(away.status == 503)
        #expect(String(decoding: away.body, as: UTF8.self).contains("bucket_away"))

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
}
