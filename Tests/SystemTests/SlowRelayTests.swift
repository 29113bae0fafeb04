import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

/// Mail servers that stop responding while a node does its other work.
@Suite("Slow mail servers of a running node", .serialized)
struct SlowRelayTests {
    private static let stages = StallingMailServer.Stage.allCases.filter { $0 != .body }
    private static let measurements = 80

    @Test(
        "no measurement is late, other receivers get theirs, and SIGTERM ends in time",
        .timeLimit(.minutes(10)))
    func besides() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let database = try await HTTPDouble.start()
        let hook = try await HTTPDouble.start()
        let sound = try await SMTPDouble.start(.none, username: "", password: "")
        defer { sound.kill() }
        let folder = try TemporaryDirectory("relays")
        try "sekret".write(
            toFile: folder.file("password"), atomically: true, encoding: .utf8)
        var stalls: [StallingMailServer] = []
        var receivers = """
              - {name: hook, kind: webhook, url: "\(hook.url("/echo"))"}
              - {name: drip, kind: webhook, url: "\(hook.url("/drip"))"}
              - {name: sound, kind: smtp, url: "smtp://127.0.0.1:\(sound.port)", tls: none, \
            from: b@example.com, to: [a@example.com]}

            """
        for stage in Self.stages {
            let stall = try await StallingMailServer.start(stage, refuses: stage == .quit)
            receivers += """
                  - {name: "at-\(stage.rawValue.lowercased())", kind: smtp, \
                url: "smtp://127.0.0.1:\(stall.port)", ca_file: "\(stall.certificate.certificate)", \
                username: u, password_file: "\(folder.file("password"))", from: b@example.com, \
                to: [a@example.com]}

                """
            stalls.append(stall)
        }
        let node = try NodeProcess(
            "gw-a1", engine: engine,
            yaml: """
                analysis:
                  probes: [{name: db, kind: http, url: "\(database.url("/echo"))", timeout: 800ms}]
                  checks: [{id: dependency.db_ok, critical: true}]
                  concerns: {}
                digest: {first_after: 100ms, window: 200ms, max_window: 1s, repeat: 1h, storm: {groups: 0}}
                receivers:
                \(receivers)
                """)
        let process = try node.start()
        defer { process.kill() }
        try await node.untilReady()
        try await DeliverySystemTests.fail("shop", on: node)
        let all = stalls
        try await eventually("every relay stalls") { all.allSatisfy { $0.stalls >= 1 } }

        let statuses = try await withThrowingTaskGroup(of: [String].self) { group in
            for caller in 0..<8 {
                group.addTask {
                    var seen: [String] = []
                    for n in 0..<(Self.measurements / 8) {
                        let reply = try await node.measure(#"{"rollout":"r-\#(caller)-\#(n)"}"#)
                        let document = try? JSONValue(
                            parsing: reply.body,
                            limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 16))
                        seen.append("\(reply.status) \(document?["status"]?.string ?? "")")
                    }
                    return seen
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(statuses == Array(repeating: "200 healthy", count: Self.measurements))

        // A failure during the stall reaches the receivers that respond.
        try await DeliverySystemTests.fail("search", on: node)
        try await eventually("the sound receivers have both") {
            let mails = try sound.messages().filter { $0.data.contains("failing") }
            let posts = try hook.requests().filter { $0.method == "POST" }
            return mails.count >= 2 && posts.count >= 2
        }
        #expect(all.filter { $0.stage != .quit }.allSatisfy { $0.received.isEmpty })

        process.terminate()
        // `drain_deadline` is 20 s; the engine's idle HTTP/2 connections do not wait for it.
        #expect(try await process.waitForExit(within: .seconds(15)) == .code(0))
        for stall in all where [.greeting, .ehlo, .mail, .rcpt, .data].contains(stall.stage) {
            #expect(stall.received.allSatisfy { !$0.contains(#"\r\n.\r\n"#) }, "\(stall.stage)")
        }
    }
}
