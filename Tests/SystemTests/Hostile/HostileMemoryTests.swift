import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

#if os(Linux)
    /// The most expensive requests of callers with and without credentials, concurrently.
    @Suite("Memory under hostile callers", .serialized)
    struct HostileMemoryTests {
        private static let yaml = """
            roles: [gateway, notifier]
            log: {segment_bytes: 4MiB}
            analysis:
              budget: 20s
              interval: 60s
              probes: [{name: node, kind: disk, path: /, timeout: 15s}]
              checks: [{id: gateway.disk_ok, critical: true}]
            """

        /// Lines of verdicts whose ids, names and texts have the maximum length.
        private static func lines(_ numbers: Range<Int>) -> String {
            let id = String(repeating: "i", count: 8000)
            let metric = String(repeating: "m", count: 2000)
            return numbers.map { number in
                let deltas = (0..<4).map {
                    #"{"metric":"\#(metric)\#($0)","value":1,"unit":"ratio","state":"fail"}"#
                }.joined(separator: ",")
                return
                    #"{"ts":"2026-11-23T06:00:00Z","event":"analysis.degraded","id":"\#(id)\#(number)","#
                    + #""status":"degraded","rollout":"r\#(number % 300)","node":"n\#(number % 40)","#
                    + #""attempt":\#(number),"deltas":[\#(deltas)]}"#
            }.joined(separator: "\n")
        }

        @Test("the node stays within 256 MiB, and answers every valid measurement meanwhile")
        func worstAtOnce() async throws {
            let engine = TransferEngine(telemetry: .silent)
            defer { engine.shutdown() }
            let fleet = Fleet()
            defer { fleet.killAll() }
            let node = try NodeProcess("gw-a1", engine: engine, yaml: Self.yaml)
            let process = try node.start()
            defer { process.kill() }
            try await node.untilReady()
            for part in 0..<15 {
                let reply = try await node.post(
                    "/v1/events", token: try node.token("ingest"),
                    Self.lines((part * 200)..<(part * 200 + 200)))
                try #require(reply.status == 200)
            }

            let attackers = try await Self.attackers(node)
            defer { for attacker in attackers { attacker.kill() } }
            var answered = 0
            for number in 0..<40 {
                // The CPU is also scarce: these deadlines are only for requests that hang.
                let reply = try await engine.http(
                    HTTPTransfer(
                        url: node.url + "/rollouts/analysis", method: "POST",
                        headers: [
                            ("Content-Type", "application/json"),
                            ("Authorization", "Bearer \(try node.token("analysis"))"),
                        ],
                        body: Array(#"{"rollout":"honest-\#(number)"}"#.utf8),
                        deadline: .seconds(120), tls: .file(node.certificate)))
                #expect(reply.status == 200, "\(String(decoding: reply.body, as: UTF8.self))")
                if reply.status == 200 { answered += 1 }
            }
            #expect(answered == 40)
            let peak = try Self.peakMiB(process.pid)
            for attacker in attackers { attacker.kill() }
            try await eventually("what was held is given back") {
                let page = String(decoding: try await node.get("/metrics").body, as: UTF8.self)
                return ["bodies", "queries", "streams"].allSatisfy {
                    page.contains("bellwether_memory_used_bytes{use=\"\($0)\"} 0\n")
                }
            }
            let metrics = String(decoding: try await node.get("/metrics").body, as: UTF8.self)
            let refusals = metrics.split(separator: "\n").filter {
                $0.hasPrefix("bellwether_refusals_total")
            }
            #expect(peak < 256, "\(peak) MiB; \(refusals)")
            print("peak \(peak) MiB\n\(refusals.joined(separator: "\n"))")
            // A page whose reader disconnected counts as failed; a measurement must never fail.
            #expect(!metrics.contains(#"route="/rollouts/analysis",status="500""#))
        }

        /// Clients that repeat requests and read one kilobyte per second.
        private static func attackers(_ node: NodeProcess) async throws -> [ChildProcess] {
            let read = "-H 'Authorization: Bearer \(try node.token("read"))'"
            let ingest = "-H 'Authorization: Bearer \(try node.token("ingest"))'"
            let bad = node.folder.file("bad.gz")
            let tree = node.folder.file("tree.json")
            // A mebibyte of invalid lines in a kilobyte, and a tree of half a million numbers.
            let zeros = Array(repeating: "0", count: 500_000).joined(separator: ",")
            try "{\"alerts\":[\(zeros)]}".write(toFile: tree, atomically: true, encoding: .utf8)
            let curl =
                "curl -s --http2 --cacert '\(node.certificate)' --max-time 20 --limit-rate 1k"
            let many = "\(curl) --parallel --parallel-max 100 -o /dev/null"
            let bodies = "-X POST -o /dev/null"
            let commands = [
                // Three connections with one token, each with a hundred queries.
                "\(many) \(read) '\(node.url)/v1/events?limit=99[900-999]'",
                "\(many) \(read) '\(node.url)/v1/events?limit=98[900-999]'",
                "\(many) \(read) '\(node.url)/v1/events?limit=97[900-999]&where=event~degraded'",
                "\(many) \(read) '\(node.url)/v1/events?after=0:0&follow=true&limit=[1-100]'",
                "\(many) \(read) '\(node.url)/status/events?since=[1-100]'",
                "\(many) \(read) '\(node.url)/?[1-50]'",
                "\(many) \(read) '\(node.url)/v1/digests?limit=[901-999]'",
                // Each line has a value of its own.
                "\(many) \(read) '\(node.url)/v1/events/counts?by=id&limit=[1-100]'",
                // Clients without a credential.
                "\(many) '\(node.url)/metrics?[1-100]'",
                "\(many) '\(node.url)/status.css?[1-100]'",
                // Bodies that grow in memory after authentication, inflated or parsed.
                "for i in 1 2 3 4 5 6; do \(curl) \(ingest) \(bodies) -H 'Content-Encoding: gzip' "
                    + "--limit-rate 10M --data-binary '@\(bad)' '\(node.url)/v1/events' & done; wait",
                "for i in 1 2 3 4 5 6; do \(curl) \(ingest) \(bodies) --limit-rate 10M "
                    + "--data-binary '@\(tree)' '\(node.url)/v1/hooks/alertmanager' & done; wait",
            ]
            let prepare = try ChildProcess(
                "/bin/sh", ["-c", "yes x | head -c 1048576 | gzip -9 > '\(bad)'"])
            try #require(try await prepare.waitForExit() == .code(0))
            return try commands.map { command in
                try ChildProcess(
                    "/bin/sh", ["-c", "for n in 1 2 3; do \(command); done"])
            }
        }

        private static func peakMiB(_ pid: pid_t) throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let peak = status.firstMatch(of: /VmHWM:\s+(\d+) kB/).flatMap { Int($0.1) }
            return try #require(peak) / 1024
        }
    }
#endif
