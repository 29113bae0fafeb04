import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

/// Real nodes whose readers crash at chosen lines: `PoisonDriver`.
@Suite("A node quarantines a line that crashes it", .serialized)
struct PoisonLineTests {
    static let executable = NodeProcess.built("PoisonDriver")

    /// The number of crashes per poison line: one while reading many lines, three while reading it
    /// alone.
    static let crashes = 4

    private static func yaml(_ roles: String, in folder: String, _ more: String = "") -> String {
        """
        az: eu-west-1a
        roles: \(roles)
        analysis:
          probes: [{name: doctor, kind: file, path: \(folder)/doctor.json, max_age: 1h}]
          checks: [{id: doctor.error_rate, warn: 0.005, fail: 0.01, critical: true}]
          concerns: {}
        digest: {first_after: 100ms, window: 200ms, max_window: 1s, repeat: 3s}
        \(more)
        """
    }

    /// Restarts the node, as a supervisor does, until `isDone`. Returns the number of crashes.
    func supervise(
        _ node: NodeProcess, by signals: [Int32] = [SIGILL, SIGTRAP],
        _ poke: () async throws -> Void = {},
        until isDone: () async throws -> Bool
    ) async throws -> (deaths: Int, child: ChildProcess) {
        var deaths = 0
        while true {
            let child = try node.start(as: Self.executable)
            let deadline = ContinuousClock.now + .seconds(120)
            while child.isRunning {
                if (try? await isDone()) == true { return (deaths, child) }
                try? await poke()
                try #require(ContinuousClock.now < deadline, "\(child.errors.suffix(2000))")
                try await Task.sleep(for: .milliseconds(20))
            }
            let isExpected = signals.contains { child.exit == .signal($0) }
            #expect(isExpected, "\(child.exit as Any) \(child.errors.suffix(2000))")
            deaths += 1
            try #require(deaths < 12)
        }
    }

    private func measure(_ node: NodeProcess, _ rollout: String, _ attempt: Int) async throws {
        let reply = try await node.measure(
            #"{"rollout":"\#(rollout)","namespace":"prod","revision":"7","attempt":"\#(attempt)"}"#)
        try #require(reply.status == 200)
    }

    private func digests(_ node: NodeProcess) async throws -> [JSONValue] {
        let reply = try await node.get("/v1/digests?limit=1000", token: try node.token("read"))
        guard reply.status == 200 else { return [] }
        let list = try JSONValue(
            parsing: reply.body, limits: JSONLimits(maxBytes: 64 << 20, maxDepth: 32))
        guard case .array(let digests)? = list["digests"] else { return [] }
        return digests.compactMap { $0["digest"] }
    }

    /// The number of events in the digests of a rollout, and its notices.
    private func digested(_ node: NodeProcess, of rollout: String) async throws -> (
        events: Int, notices: [String]
    ) {
        var found = (events: 0, notices: [String]())
        for digest in try await digests(node)
        where digest["group"]?["rollout"]?.string == rollout {
            found.events += Int(digest["events"]?.integer ?? 0)
            guard case .array(let notices)? = digest["notices"] else { continue }
            found.notices += notices.compactMap { $0["event"]?.string }
        }
        return found
    }

    func quarantined(_ node: NodeProcess, by reader: String) async throws -> Int {
        let reply = try await node.get(
            "/v1/events?limit=1000&where=event%3Dlog.quarantined", token: try node.token("read"))
        try #require(reply.status == 200)
        return reply.body.split(separator: UInt8(ascii: "\n")).count {
            String(decoding: $0, as: UTF8.self).contains(#""reader":"\#(reader)""#)
        }
    }

    @Test(
        "for each reader, by a trap or a kill: four crashes, then all else continues",
        arguments: [
            ("poison", "digest"), ("killer", "digest"), ("poison", "attempts"),
            ("poison", "recovery"), ("poison", "page"), ("poison", "sealing"),
        ])
    func oneNode(kind: String, reader: String) async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let reports = try TemporaryDirectory("doctor")
        try #"{"error_rate": 0.02}"#.write(
            toFile: reports.file("doctor.json"), atomically: true, encoding: .utf8)
        let node = try NodeProcess(
            "gw-a1", engine: engine,
            yaml: Self.yaml(
                "[gateway, notifier]", in: reports.path,
                reader == "sealing" ? "log: {segment_age: 1s}" : ""))
        let rollouts = ["shop", "\(kind)-\(reader)", "shop"]
        var next = 0
        let isRead = ["digest", "page", "sealing"].contains(reader)
        if !isRead {
            // This reader reads at a start only.
            let first = try node.start(as: Self.executable)
            try await node.untilReady()
            for rollout in rollouts {
                next += 1
                try await measure(node, rollout, next)
            }
            first.kill()
            try await first.waitForExit()
            // Delete the checkpoint if one was written, so that the next start reads the lines.
            try await forget(["attempts"], of: node)
        }
        let (deaths, child) = try await supervise(
            node, by: kind == "killer" ? [SIGKILL] : [SIGILL, SIGTRAP],
            {
                if next < rollouts.count {
                    try await measure(node, rollouts[next], next + 1)
                    next += 1
                } else if reader == "sealing" {
                    // A line closes the segment once it is old enough.
                    _ = try await node.post(
                        "/v1/events", token: node.token("ingest"),
                        #"{"ts":"2026-11-23T06:00:00Z","event":"test.line","id":"\#(UInt64.random(in: 0 ... .max))"}"#
                            + "\n")
                } else if reader == "page" {
                    // This reader reads only while a client watches.
                    try await Self.look(at: node, engine)
                }
            }
        ) {
            guard next == rollouts.count, try await node.get("/readyz").status == 200 else {
                return false
            }
            return try await quarantined(node, by: reader) == 1
        }
        #expect(deaths == Self.crashes)
        // Other lines are counted exactly; the skipped line appears in a notice only.
        try await eventually("the digests tell of all", within: .seconds(60)) {
            let shop = try await digested(node, of: "shop")
            let other = try await digested(node, of: "\(kind)-\(reader)")
            return shop.events == 2 && other.notices.contains("log.quarantined")
                && other.events == (reader == "digest" ? 1 : 2)
        }
        try await measure(node, "shop", 3)
        #expect(child.isRunning)
        child.terminate()
        #expect(try await child.waitForExit() == .code(0))
    }

    /// Deletes cursors, and the rows of tables, in the state file of a node that is stopped.
    private func forget(
        _ cursors: [String], tables: [String] = [], of node: NodeProcess
    ) async throws {
        let statements =
            cursors.map { "DELETE FROM cursor WHERE name = '\($0)'" }
            + tables.map { "DELETE FROM \($0)" }
        let python = try ChildProcess(
            PythonDouble.interpreter,
            [
                "-c",
                "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
                    + "[c.execute(s) for s in sys.argv[2:]]; c.commit()",
                node.data + "/state.sqlite",
            ] + statements)
        try #require(try await python.waitForExit() == .code(0), "\(python.errors)")
    }

    @Test(
        "for the readers of posted lines: four crashes, then all else continues",
        arguments: ["runs", "gateways"])
    func posted(reader: String) async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: "roles: [notifier]")
        let event = reader == "runs" ? "rollout.completed" : "gateway.seen"
        func line(_ name: String, _ id: Int) -> String {
            #"{"ts":"\#(Date.now.ISO8601Format())","event":"\#(event)","id":"\#(id)","node":"\#(name)","#
                + #""rollout":"\#(name)","namespace":"prod"}"# + "\n"
        }
        let first = try node.start(as: Self.executable)
        try await node.untilReady()
        let names = ["shop", "poison-\(reader)", "bar"]
        let body = names.enumerated().map { line($1, $0) }.joined()
        let reply = try? await node.post("/v1/events", token: node.token("ingest"), body)
        if reader == "gateways" {
            // This reader reads at a start only.
            try #require(reply?.status == 200)
            first.kill()
        }
        // The line ended the first process, possibly before it answered.
        try await first.waitForExit()
        let before = reader == "runs" ? 1 : 0
        let (deaths, child) = try await supervise(
            node,
            until: {
                guard try await node.get("/readyz").status == 200 else { return false }
                return try await quarantined(node, by: reader) == 1
            })
        #expect(deaths + before == Self.crashes)
        try await eventually("the other lines are read", within: .seconds(60)) {
            let reply = try await node.get(
                "/v1/events?limit=1000&where=event%3D\(event)", token: try node.token("read"))
            return reply.status == 200
                && names.allSatisfy { String(decoding: reply.body, as: UTF8.self).contains($0) }
        }
        #expect(child.isRunning)
        child.terminate()
        #expect(try await child.waitForExit() == .code(0))
    }

    @Test(
        "for the node's decisions, while they are read or stored again: all others are restored",
        arguments: [("decisions", PoisonLineTests.crashes), ("apply", PoisonLineTests.crashes - 1)])
    func decisions(word: String, crashes: Int) async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let reports = try TemporaryDirectory("doctor")
        try #"{"error_rate": 0.02}"#.write(
            toFile: reports.file("doctor.json"), atomically: true, encoding: .utf8)
        let node = try NodeProcess(
            "gw-a1", engine: engine,
            yaml: Self.yaml("[gateway, notifier]", in: reports.path).replacing(
                "repeat: 3s", with: "repeat: 1h"))
        let first = try node.start(as: Self.executable)
        try await node.untilReady()
        let rollouts = ["shop", "poison-\(word)", "bar"]
        for (number, rollout) in rollouts.enumerated() {
            try await measure(node, rollout, number + 1)
            // Each in a decision of its own.
            try await eventually("its digest is stored", within: .seconds(60)) {
                try await digested(node, of: rollout).events == 1
            }
        }
        first.kill()
        try await first.waitForExit()
        try await forget(
            ["decisions", "digest.decided"], tables: ["outbox", "digest"], of: node)
        let (deaths, child) = try await supervise(
            node,
            until: {
                guard try await node.get("/readyz").status == 200 else { return false }
                return try await quarantined(node, by: "decisions") == 1
            })
        #expect(deaths == crashes)
        #expect(try await digested(node, of: "shop").events == 1)
        #expect(try await digested(node, of: "bar").events == 1)
        #expect(child.isRunning)
        child.terminate()
        #expect(try await child.waitForExit() == .code(0))
    }

    static func look(
        at node: NodeProcess, _ engine: TransferEngine, _ path: String = "/"
    ) async throws {
        let token = try node.token("read")
        let form = [
            ("Content-Type", "application/x-www-form-urlencoded"), ("Origin", node.url),
        ]
        let signedIn = try await engine.http(
            HTTPTransfer(
                url: node.url + "/sign-in", method: "POST", headers: form,
                body: Array("token=\(token)".utf8), tls: .file(node.certificate)))
        let cookie = try #require(signedIn.header("set-cookie"))
        _ = try await engine.http(
            HTTPTransfer(
                url: node.url + path, headers: [("Cookie", String(cookie.prefix { $0 != ";" }))],
                tls: .file(node.certificate)))
    }

    @Test(
        "a digest that cannot be composed or rendered: three crashes, then all others are sent",
        arguments: ["compose", "render"])
    func digest(step: String) async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let reports = try TemporaryDirectory("doctor")
        try #"{"error_rate": 0.02}"#.write(
            toFile: reports.file("doctor.json"), atomically: true, encoding: .utf8)
        let node = try NodeProcess(
            "gw-a1", engine: engine, yaml: Self.yaml("[gateway, notifier]", in: reports.path))
        let rollouts = ["shop", "poison-\(step)", "shop"]
        var next = 0
        let (deaths, child) = try await supervise(
            node,
            {
                guard next < rollouts.count else { return }
                try await measure(node, rollouts[next], next + 1)
                next += 1
            }
        ) {
            let shop = try await digested(node, of: "shop")
            let reported = try await digests(node).contains { digest in
                guard case .array(let notices)? = digest["notices"] else { return false }
                return digest["group"]?["node"]?.string == "gw-a1"
                    && notices.contains { $0["event"]?.string == "log.quarantined" }
            }
            return next == rollouts.count && shop.events == 2 && reported
        }
        // At least one crash for each attempt to compose it.
        #expect(deaths >= 3)
        #expect(try await digested(node, of: "poison-\(step)").events == 0)
        #expect(child.isRunning)
    }

    @Test("a line that crashes the forwarder: all others reach the notifier, with a report")
    func forwarder() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let reports = try TemporaryDirectory("doctor")
        try #"{"error_rate": 0.02}"#.write(
            toFile: reports.file("doctor.json"), atomically: true, encoding: .utf8)
        let notifier = try NodeProcess(
            "notifier", engine: engine,
            yaml: """
                roles: [notifier]
                digest: {first_after: 100ms, window: 200ms, max_window: 1s, repeat: 3s}
                """)
        let receiving = try notifier.start()
        try await notifier.untilReady()
        let gateway = try NodeProcess(
            "gw-a1", engine: engine,
            yaml: Self.yaml(
                "[gateway]", in: reports.path,
                """
                forward:
                  to: "\(notifier.url)"
                  token_file: \(notifier.data)/tokens/ingest
                  ca_file: \(notifier.certificate)
                  retry_ceiling: 500ms
                """))
        var next = 0
        let rollouts = ["shop", "poison-forward", "shop"]
        let (deaths, child) = try await supervise(
            gateway,
            {
                guard next < rollouts.count else { return }
                try await measure(gateway, rollouts[next], next + 1)
                next += 1
            }
        ) {
            let shop = try await digested(notifier, of: "shop")
            let other = try await digested(notifier, of: "poison-forward")
            return shop.events == 2 && other.notices == ["log.quarantined"]
        }
        #expect(deaths == Self.crashes)
        #expect(try await digested(notifier, of: "poison-forward").events == 1)
        #expect(child.isRunning && receiving.isRunning)
    }
}
