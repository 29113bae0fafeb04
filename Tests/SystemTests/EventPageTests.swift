import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

/// Responses of `/v1/events` are bounded in bytes for all queries and bodies.
@Suite("Pages of events", .serialized)
struct EventPageTests {
    private static func lines(_ numbers: ClosedRange<Int>) -> String {
        let filler = String(repeating: "x", count: 3000)
        return numbers.map {
            #"{"ts":"2026-11-23T06:00:00Z","event":"analysis.degraded","node":"gw-b","epoch":"e","#
                + #""seq":\#($0),"message":"\#(filler)"}"#
        }.joined(separator: "\n")
    }

    private static func numbers(_ output: String) -> [Int] {
        output.split(separator: "\n").compactMap { line in
            line.firstMatch(of: /"seq":(\d+)/).flatMap { Int($0.1) }
        }
    }

    @Test("a page holds 2 MiB; curl and the command line continue from it and miss no line")
    func pages() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let fleet = Fleet()
        defer { fleet.killAll() }
        let node = try NodeProcess(
            "notifier", engine: engine,
            yaml: "roles: [notifier]\nlog: {segment_bytes: 1MiB}\n")
        try fleet.start(node)
        try await node.untilReady()
        for part in 0..<4 {
            let reply = try await node.post(
                "/v1/events", token: try node.token("ingest"),
                Self.lines((part * 500 + 1)...(part * 500 + 500)))
            try #require(reply.status == 200)
        }

        var seen: [Int] = []
        var path = "/v1/events?limit=1900&where=node%3Dgw-b"
        for _ in 0..<10 {
            let page = try await node.get(path, token: try node.token("read"))
            #expect(page.status == 200)
            #expect(page.body.count < (2 << 20) + (64 << 10))
            seen += Self.numbers(String(decoding: page.body, as: UTF8.self))
            if page.header("Bellwether-Caught-Up") == "true" { break }
            let next = try #require(page.header("Bellwether-Next"))
            path = "/v1/events?limit=1900&where=node%3Dgw-b&after=\(next)"
        }
        #expect(seen == Array(101...2000))

        let remote = [
            "--url", node.url, "--token-file", node.data + "/tokens/read", "--ca-file",
            node.certificate,
        ]
        for arguments in [
            ["logs", "tail", "-n", "1900", "--json", "--where", "node=gw-b"],
            ["logs", "query", "--json", "--where", "node=gw-b"],
        ] {
            let child = try ChildProcess(NodeProcess.executable, arguments + remote)
            #expect(try await child.waitForExit() == .code(0))
            let (local, exit) = try await node.command(arguments)
            #expect(exit == .code(0))
            #expect(child.output == local)
            #expect(Self.numbers(local).last == 2000)
        }
    }

    @Test("a body of a million invalid lines gets a short response that counts them all")
    func rejected() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let fleet = Fleet()
        defer { fleet.killAll() }
        let node = try NodeProcess("notifier", engine: engine, yaml: "roles: [notifier]\n")
        try fleet.start(node)
        try await node.untilReady()

        let bad = String(repeating: "x\n", count: 1_000_000)
        for (body, status) in [
            (bad, 400), (#"{"event":"a","ts":"2026-11-23T06:00:00Z"}"# + "\n" + bad, 200),
        ] {
            let reply = try await node.post("/v1/events", token: try node.token("ingest"), body)
            #expect(reply.status == status)
            #expect(reply.body.count < 20_000)
            let answer = try JSONValue(
                parsing: reply.body, limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 8))
            #expect(answer["rejected_total"]?.integer == 1_000_000)
            guard case .array(let listed)? = answer["rejected"] else {
                Issue.record("no list of rejected lines")
                continue
            }
            #expect(listed.count == 100)
        }
    }
}
