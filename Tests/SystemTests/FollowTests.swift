import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

/// Readers that follow a log: `logs tail -f` and `GET /v1/events?follow=true`.
@Suite("Following the log", .serialized)
struct FollowTests {
    private static func lines(_ numbers: ClosedRange<Int>, padding: Int) -> [String] {
        let filler = String(repeating: "x", count: padding)
        return numbers.map {
            #"{"ts":"2026-11-23T06:00:00Z","event":"analysis.degraded","node":"gw-b","epoch":"e","#
                + #""seq":\#($0),"message":"\#(filler)"}"#
        }
    }

    private static func send(
        _ node: NodeProcess, _ numbers: ClosedRange<Int>, padding: Int
    ) async throws {
        // Resend what a killed node did not acknowledge.
        try await eventually("the lines are taken") {
            let reply = try? await node.post(
                "/v1/events", token: try node.token("ingest"),
                lines(numbers, padding: padding).joined(separator: "\n"))
            return reply?.status == 200
        }
    }

    private static func numbers(_ output: String) -> [Int] {
        output.split(separator: "\n").compactMap { line in
            line.firstMatch(of: /"seq":(\d+)/).flatMap { Int($0.1) }
        }
    }

    private static let yaml = """
        roles: [notifier]
        log: {segment_bytes: 256KiB}
        """

    @Test("remote and local tail show every line once, across rotations and a kill of the node")
    func tail() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let fleet = Fleet()
        defer { fleet.killAll() }
        let node = try NodeProcess("notifier", engine: engine, yaml: Self.yaml)
        try fleet.start(node)
        try await node.untilReady()
        try await Self.send(node, 1...20, padding: 100)

        let filter = ["tail", "-f", "-n", "5", "--json", "--where", "node=gw-b"]
        let remote = try ChildProcess(
            NodeProcess.executable,
            ["logs"] + filter + [
                "--url", node.url, "--token-file", node.data + "/tokens/read", "--ca-file",
                node.certificate,
            ])
        let local = try ChildProcess(
            NodeProcess.executable, ["logs"] + filter + ["--config", node.configuration])
        defer {
            remote.kill()
            local.kill()
        }
        for tail in [remote, local] { _ = try await tail.line { $0.contains(#""seq":20,"#) } }

        // Enough for several segments.
        for part in 1..<11 {
            try await Self.send(node, (part * 20 + 1)...(part * 20 + 20), padding: 4000)
        }
        for tail in [remote, local] { _ = try await tail.line { $0.contains(#""seq":220,"#) } }
        try await fleet.kill(node)
        try await eventually("the loss is reported") { remote.errors.contains("trying again") }
        try fleet.start(node)
        try await node.untilReady()
        for part in 11..<16 {
            try await Self.send(node, (part * 20 + 1)...(part * 20 + 20), padding: 4000)
        }
        for tail in [remote, local] {
            _ = try await tail.line { $0.contains(#""seq":320,"#) }
            #expect(Self.numbers(tail.output) == Array(16...320))
        }
        let sealed = try FileManager.default.contentsOfDirectory(atPath: node.data + "/log")
        #expect(sealed.contains { $0.hasSuffix(".jsonl.gz") })

        // The log is replaced by a new one: tail reports it and shows it from its start.
        try await fleet.kill(node)
        let log = node.data + "/log"
        try await eventually("the log is removed") {
            // The local tail may write a missing index again meanwhile.
            try? FileManager.default.removeItem(atPath: log)
            return !FileManager.default.fileExists(atPath: log)
        }
        try fleet.start(node)
        try await node.untilReady()
        try await Self.send(node, 1...3, padding: 10)
        for tail in [remote, local] {
            try await eventually("the new lines are shown") {
                Self.numbers(tail.output) == Array(16...320) + [1, 2, 3]
            }
            #expect(tail.errors.contains("recreated"))
        }
    }

    @Test("a follower whose token is revoked gets no further line")
    func revoked() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let fleet = Fleet()
        defer { fleet.killAll() }
        let node = try NodeProcess("notifier", engine: engine, yaml: Self.yaml)
        try fleet.start(node)
        try await node.untilReady()
        let made = try await node.command("token", "create", "--name", "watcher", "--scope", "read")
        let token = try #require(made.output.firstMatch(of: /bw_[A-Za-z0-9_-]+/)).0
        try "\(token)\n".write(toFile: node.folder.file("token"), atomically: true, encoding: .utf8)
        try await Self.send(node, 1...1, padding: 10)
        let tail = try ChildProcess(
            NodeProcess.executable,
            [
                "logs", "tail", "-f", "-n", "1", "--json", "--where", "node=gw-b", "--url",
                node.url,
                "--token-file", node.folder.file("token"), "--ca-file", node.certificate,
            ])
        _ = try await tail.line { $0.contains(#""seq":1,"#) }
        try await Self.send(node, 2...2, padding: 10)
        _ = try await tail.line { $0.contains(#""seq":2,"#) }
        let list = try await node.command("token", "list", "--json")
        let id = try #require(
            list.output.firstMatch(of: /"id":"([^"]+)"[^}]*"name":"watcher"/)
                ?? list.output.firstMatch(of: /"name":"watcher"[^}]*"id":"([^"]+)"/)
        ).1
        _ = try await node.command("token", "revoke", "\(id)")
        try await eventually("the node knows") {
            try await node.get("/v1/events", token: "\(token)").status == 401
        }
        try await Self.send(node, 3...3, padding: 10)
        // The node ends the stream and refuses the next connection.
        #expect(try await tail.waitForExit() == .code(1))
        #expect(tail.errors.contains("401"))
        #expect(!tail.output.contains(#""seq":3,"#))
    }

    #if os(Linux)
        @Test("a client that stops reading costs no memory, is disconnected, and resumes")
        func slowReader() async throws {
            let engine = TransferEngine(telemetry: .silent)
            defer { engine.shutdown() }
            let fleet = Fleet()
            defer { fleet.killAll() }
            let node = try NodeProcess("notifier", engine: engine, yaml: Self.yaml)
            let settings = try String(contentsOfFile: node.configuration, encoding: .utf8)
            try settings.replacingOccurrences(
                of: "limits: {", with: "limits: {request_deadline: 2s, "
            ).write(toFile: node.configuration, atomically: true, encoding: .utf8)
            let process = try node.start()
            defer { process.kill() }
            try await node.untilReady()
            // Memory used by ingesting the lines is included here.
            try await Self.send(node, 1...1000, padding: 4000)

            func follow(_ more: [String]) throws -> ChildProcess {
                try ChildProcess(
                    "curl",
                    [
                        "-sN", "--cacert", node.certificate, "-H",
                        "Authorization: Bearer \(try node.token("read"))",
                        node.url + "/v1/events?follow=true&where=node%3Dgw-b",
                    ] + more)
            }
            let client = try follow([])
            _ = try await client.line { $0 == ": following" }
            try await Self.send(node, 1001...1010, padding: 4000)
            _ = try await client.line { $0.contains(#""seq":1010,"#) }
            kill(client.pid, SIGSTOP)

            let before = try Self.residentMiB(process.pid)
            // 40 MB in about five hundred segments: more than any buffer on the way.
            for part in 0..<20 {
                try await Self.send(
                    node, (1011 + part * 500)...(1510 + part * 500), padding: 4000)
            }
            try await eventually("the connection is cut as unread") {
                let metrics = String(decoding: try await node.get("/metrics").body, as: UTF8.self)
                return metrics.contains(#"bellwether_connections_cut_total{cause="unread"} 1"#)
            }
            let after = try Self.residentMiB(process.pid)
            #expect(after - before < 24, "\(before) → \(after) MiB")

            kill(client.pid, SIGCONT)
            _ = try await client.waitForExit()
            // Only whole messages count: the last may be truncated.
            let whole = client.output.prefix(
                upTo: client.output.range(
                    of: "\n\n", options: .backwards)?.upperBound ?? client.output.startIndex)
            let last = try #require(whole.matches(of: /(?m)^id: (\S+)$/).last).1
            let seen = Self.numbers(String(whole))
            let again = try follow(["-H", "Last-Event-ID: \(last)"])
            defer { again.kill() }
            _ = try await again.line { $0.contains(#""seq":11010,"#) }
            #expect(seen + Self.numbers(again.output) == Array(1001...11010))
        }

        private static func residentMiB(_ pid: pid_t) throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return (line?.split(separator: " ").compactMap { Int($0) }.first ?? 0) / 1024
        }
    #endif
}
