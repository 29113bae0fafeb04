import EventLog
import Events
import Foundation
import GRDB
import Secrets
import Server
@testable import State
import TestSupport
import Testing
import Transfer

@testable import Gateway

@Suite("A forwarder and its notifier, interleaved")
struct ForwarderTests {
    private func numbers(_ range: ClosedRange<Int>) -> [String] { range.map { "\($0)" } }

    /// A configuration with the notifier's token.
    private func configuration(_ notifier: ScriptedNotifier) -> Forwarder.Configuration {
        var configuration = ForwardingNode.configuration([notifier])
        configuration.token = .value(notifier.token)
        return configuration
    }

    @Test("a stop during a request returns at once and moves nothing; the next run sends again")
    func stoppedDuringRequest() async throws {
        let (node, notifier) = (try await ForwardingNode(), try await ScriptedNotifier())
        let gate = TestGate()
        notifier.script.change { $0.before = gate }
        try await node.append(["one"])
        let run = Task { [first = node.forwarder(configuration(notifier))] in await first.run() }
        await gate.arrivals()
        run.cancel()
        // The notifier still holds the request.
        await run.value
        #expect(try await node.cursor() == nil)
        gate.open()
        let second = node.forwarder(configuration(notifier))
        try await node.running(second) {
            try await eventually("it is acknowledged, and the cursor stored") {
                try await node.cursor() == node.eventLog.head
            }
        }
        #expect(try await notifier.messages() == ["one"])
        await notifier.stop()
        await node.stop()
    }

    @Test("an answer after the stop moves nothing; the lines are sent again and stored once")
    func answeredAfterStop() async throws {
        let (node, notifier) = (try await ForwardingNode(), try await ScriptedNotifier())
        let gate = TestGate()
        notifier.script.change { $0.after = gate }
        try await node.append(numbers(1...3))
        let run = Task { [first = node.forwarder(configuration(notifier))] in await first.run() }
        await gate.arrivals()
        #expect(try await notifier.messages() == numbers(1...3))
        run.cancel()
        await run.value
        gate.open()
        #expect(try await node.cursor() == nil)
        let second = node.forwarder(configuration(notifier))
        try await node.running(second) {
            try await node.append(["4"])
            try await eventually("all are acknowledged") {
                second.status.acknowledged == node.eventLog.head
            }
        }
        #expect(try await notifier.messages() == numbers(1...4))
        await notifier.stop()
        await node.stop()
    }

    @Test("lines appended during a request wait for its answer, and go together and in order")
    func appendedDuringRequest() async throws {
        let (node, notifier) = (try await ForwardingNode(), try await ScriptedNotifier())
        let gate = TestGate()
        notifier.script.change { $0.before = gate }
        let forwarder = node.forwarder(configuration(notifier))
        try await node.running(forwarder) {
            try await node.append(["1"])
            await gate.arrivals()
            try await node.append(numbers(2...20))
            #expect(notifier.requests == 1)
            gate.open()
            try await eventually("all are acknowledged") {
                forwarder.status.acknowledged == node.eventLog.head
            }
        }
        #expect(try await notifier.messages() == numbers(1...20))
        #expect(notifier.requests == 2)
        await notifier.stop()
        await node.stop()
    }

    @Test("a state file that cannot be written stops no line; the cursor is stored later")
    func cursorNotStored() async throws {
        let (node, notifier) = (try await ForwardingNode(), try await ScriptedNotifier())
        let other = try Store(path: node.store.path)
        try await other.write { db in
            try db.connection.execute(
                sql: """
                    CREATE TRIGGER refuse BEFORE INSERT ON cursor
                    BEGIN SELECT RAISE(ABORT, 'disk full'); END
                    """)
        }
        let forwarder = node.forwarder(configuration(notifier))
        try await node.running(forwarder) {
            for number in 1...3 {
                try await node.append(["\(number)"])
                try await eventually("it is acknowledged") {
                    forwarder.status.acknowledged == node.eventLog.head
                }
            }
            #expect(try await node.cursor() == nil)
            #expect(node.count("bellwether_forward_cursor_failures_total") >= 1)
            try await other.write { db in try db.connection.execute(sql: "DROP TRIGGER refuse") }
            try await node.append(["4"])
            try await eventually("the cursor is stored") {
                try await node.cursor() == node.eventLog.head
            }
        }
        #expect(try await notifier.messages() == numbers(1...4))
        await notifier.stop()
        await node.stop()
    }

    @Test("a state file that cannot be read at the start is read again; nothing is sent twice")
    func cursorNotRead() async throws {
        let (node, notifier) = (try await ForwardingNode(), try await ScriptedNotifier())
        try await node.append(numbers(1...3))
        let first = node.forwarder(configuration(notifier))
        try await node.running(first) {
            try await eventually("the cursor is stored") {
                try await node.cursor() == node.eventLog.head
            }
        }
        let before = notifier.requests
        try await node.store.write { db in
            try db.connection.execute(sql: "ALTER TABLE cursor RENAME TO aside")
        }
        let second = node.forwarder(configuration(notifier))
        try await node.running(second) {
            try await eventually("it failed") { second.status.failuresInARow >= 2 }
            #expect(second.status.fault.contains("state file"))
            #expect(notifier.requests == before)
            try await node.store.write { db in
                try db.connection.execute(sql: "ALTER TABLE aside RENAME TO cursor")
            }
            try await node.append(["4"])
            try await eventually("it is acknowledged") {
                second.status.acknowledged == node.eventLog.head
            }
        }
        #expect(try await notifier.messages() == numbers(1...4))
        #expect(notifier.requests == before + 1)
        await notifier.stop()
        await node.stop()
    }

    @Test("a credential that is replaced between two tries is used for the next one")
    func rotatedToken() async throws {
        let (node, notifier) = (try await ForwardingNode(), try await ScriptedNotifier())
        let file = node.folder.file("token")
        try "bw_wrong".write(toFile: file, atomically: true, encoding: .utf8)
        var configuration = ForwardingNode.configuration([notifier])
        configuration.token = .file(file)
        try await node.append(["1"])
        let forwarder = node.forwarder(configuration)
        try await node.running(forwarder) {
            try await eventually("it is refused") {
                forwarder.status.fault.contains("answered 401")
            }
            try FileManager.default.removeItem(atPath: file)
            try await eventually("the file is missing") {
                forwarder.status.fault.contains(file)
            }
            try notifier.token.write(toFile: file, atomically: true, encoding: .utf8)
            try await eventually("it is acknowledged") {
                forwarder.status.acknowledged == node.eventLog.head
            }
        }
        #expect(forwarder.status.failuresInARow == 0 && forwarder.status.fault.isEmpty)
        #expect(try await notifier.messages() == ["1"])
        await notifier.stop()
        await node.stop()
    }

    @Test("batches that are too large for the notifier are halved until they fit, in order")
    func tooLarge() async throws {
        let (node, notifier) = (
            try await ForwardingNode(), try await ScriptedNotifier(bodyLimit: 4096)
        )
        try await node.append(numbers(1...20).map { $0 + String(repeating: " ", count: 700) })
        try await node.append([String(repeating: "x", count: 8000), "last"])
        let forwarder = node.forwarder(configuration(notifier))
        try await node.running(forwarder) {
            try await eventually("all are acknowledged") {
                forwarder.status.acknowledged == node.eventLog.head
            }
        }
        let stored = try await notifier.messages().map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(stored == numbers(1...20) + ["last"])
        #expect(node.count("bellwether_forward_rejected_total") == 1)
        await notifier.stop()
        await node.stop()
    }

    @Test("bodies are compressed where that is set, and the bytes of both forms are counted")
    func compressed() async throws {
        let (node, notifier) = (try await ForwardingNode(), try await ScriptedNotifier())
        var configuration = configuration(notifier)
        configuration.compress = true
        try await node.append(numbers(1...200))
        let forwarder = node.forwarder(configuration)
        try await node.running(forwarder) {
            try await eventually("all are acknowledged") {
                forwarder.status.acknowledged == node.eventLog.head
            }
        }
        #expect(try await notifier.messages() == numbers(1...200))
        #expect(Set(notifier.encodings) == ["gzip"])
        let plain = node.count("bellwether_forward_plain_bytes_total")
        let sent = node.count("bellwether_forward_sent_bytes_total")
        #expect(sent > 0 && plain > 3 * sent, "\(plain) \(sent)")
        await notifier.stop()
        await node.stop()
    }

    @Test("a line waits for others for the set time, one that finds a backlog does not")
    func linger() async throws {
        let (node, notifier) = (try await ForwardingNode(), try await ScriptedNotifier())
        var configuration = configuration(notifier)
        configuration.linger = .seconds(5)
        let clock = ManualClock()
        let forwarder = node.forwarder(configuration, clock: clock)
        try await node.append(["1"])
        try await node.running(forwarder) {
            try await eventually("the first goes at once") { try await node.cursor() != nil }
            try await node.append(["2"])
            await clock.sleepers()
            try await node.append(["3", "4"])
            clock.advance(by: .milliseconds(4999))
            #expect(notifier.requests == 1)
            clock.advance(by: .milliseconds(1))
            try await eventually("all are acknowledged") {
                forwarder.status.acknowledged == node.eventLog.head
            }
            #expect(notifier.requests == 2)
        }
        #expect(try await notifier.messages() == numbers(1...4))
        await notifier.stop()
        await node.stop()
    }

    @Test("a stop while a line waits for others sends nothing and loses nothing")
    func stoppedDuringLinger() async throws {
        let (node, notifier) = (try await ForwardingNode(), try await ScriptedNotifier())
        var configuration = configuration(notifier)
        configuration.linger = .seconds(5)
        let clock = ManualClock()
        let first = node.forwarder(configuration, clock: clock)
        try await node.append(["1"])
        try await node.running(first) {
            try await eventually("the first goes at once") { try await node.cursor() != nil }
            try await node.append(["2"])
            await clock.sleepers()
        }
        #expect(notifier.requests == 1)
        let second = node.forwarder(configuration, clock: clock)
        try await node.running(second) {
            try await eventually("the next run sends it at once") {
                second.status.acknowledged == node.eventLog.head
            }
        }
        #expect(try await notifier.messages() == ["1", "2"])
        await notifier.stop()
        await node.stop()
    }
}
