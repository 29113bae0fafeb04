import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("Mute times of a running node", .serialized)
struct MuteTimeTests {
    @Test("events during a mute time are logged and held back, and sent after a reload removes it")
    func muted() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let mute =
            #"- {id: nights, match: {rollout: shop}, from: "00:00", until: "00:00", "#
            + "who: platform, why: nobody is awake}"
        let node = try NodeProcess(
            "notifier", engine: engine,
            yaml: """
                roles: [notifier]
                digest: {first_after: 100ms, window: 300ms, max_window: 1s, repeat: 1h}
                silences:
                  \(mute)
                """)
        let process = try node.start()
        defer { process.kill() }
        try await node.untilReady()
        try await SilenceSystemTests.fail("shop", on: node)
        try await SilenceSystemTests.fail("other", on: node)

        let read = try node.token("read")
        try await eventually("the other rollout is reported", within: .seconds(20)) {
            try await SilenceSystemTests.reported(node, read).contains { $0.contains("other") }
        }
        try await eventually("what is held back is in the log", within: .seconds(20)) {
            let (lines, _) = try await node.command(
                "logs", "query", "--where", "event=digest.suppressed silence=nights", "--json")
            return lines.contains("\"rollout\":\"shop\"") && lines.contains("nobody is awake")
        }
        #expect(try await !SilenceSystemTests.reported(node, read).contains { $0.contains("shop") })

        let text = try String(contentsOfFile: node.configuration, encoding: .utf8)
        try text.replacing("silences:\n  \(mute)", with: "silences: []")
            .write(toFile: node.configuration, atomically: true, encoding: .utf8)
        process.send(SIGHUP)
        try await eventually("what still fails is reported", within: .seconds(20)) {
            try await SilenceSystemTests.reported(node, read).contains { $0.contains("shop") }
        }
    }
}
