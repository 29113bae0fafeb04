import Foundation
import JSON
import TestSupport
import Testing
import Transfer

/// Probes of a running node against real servers, files and programs.
@Suite("Kinds of probes in a running node", .serialized)
struct ProbeKindsTests {
    private static let body = #"{"rollout":"shop","namespace":"prod","revision":"1"}"#

    @Test("a real Prometheus server: counts of the window; no data when the server is down")
    func prometheusQuery() async throws {
        let service = try await MetricsDouble.start()
        let folder = try TemporaryDirectory("prometheus")
        let port = try FreePort.take()
        try """
        global: {scrape_interval: 500ms, scrape_timeout: 400ms}
        scrape_configs:
          - job_name: shop
            static_configs: [{targets: ["127.0.0.1:\(service.port)"]}]
        """.write(toFile: folder.file("prometheus.yml"), atomically: true, encoding: .utf8)
        let server = try ChildProcess(
            "prometheus",
            [
                "--config.file=\(folder.file("prometheus.yml"))",
                "--storage.tsdb.path=\(folder.file("data"))",
                "--web.listen-address=127.0.0.1:\(port)",
            ])
        defer { server.kill() }

        let side = { (role: String) in
            """
                    \(role).5xx_rate:
                      failing: 'sum(increase(http_requests_total{role="\(role)",code=~"5.."}[$window])) or vector(0)'
                      total: 'sum(increase(http_requests_total{role="\(role)"}[$window]))'
                    \(role).p99_ms: {buckets: 'sum by (le) (increase(http_request_duration_seconds_bucket{role="\(role)"}[$window]))'}
            """
        }
        let single = try await SingleNode.start(
            yaml: """
                analysis:
                  interval: 6s
                  window: 3s
                  settle: 1s
                  probes:
                    - name: prom
                      kind: prometheus_query
                      url: "http://127.0.0.1:\(port)/"
                      timeout: 2s
                      queries:
                \(side("canary"))
                \(side("stable"))
                        canary.rps: 'sum(rate(http_requests_total{role="canary"}[$window]))'
                        canary.typo: 'http_request_total{role="canary"}'
                        canary.each: 'http_requests_total{role="canary"}'
                  checks:
                    - {id: canary.5xx_rate, warn: 0.1, fail: 0.2, critical: true}
                    - {id: canary.p99_ms, warn: 300, fail: 500}
                    - {id: canary.rps, warn: 1, direction: below}
                    - {id: canary.typo, warn: 1, nodata: ignore}
                    - {id: canary.each, warn: 1, nodata: ignore}
                  concerns: {}
                """)
        defer { single.end() }
        let node = single.node

        let healthy = try await node.answer(to: Self.body, "the canary is well") {
            $0.status == "healthy"
        }
        #expect(healthy.number("canary.5xx_rate") == 0)
        let p99 = try #require(healthy.number("canary.p99_ms"))
        #expect(p99 > 50 && p99 <= 100)
        let rps = try #require(healthy.number("canary.rps"))
        // The number of requests per second depends on the machine.
        #expect(rps > 1)
        // Neither an empty vector nor several series count as a number.
        #expect(healthy.reasons.contains("canary.typo: missing_field"))
        #expect(healthy.reasons.contains("canary.each: garbage"))

        _ = try await single.engine.http(HTTPTransfer(url: service.setting("canary_failing=0.5")))
        _ = try await node.answer(to: Self.body, "the canary fails") {
            $0.status == "unhealthy" && $0.reasons.contains("canary.5xx_rate: abs_fail")
        }
        // The counts were present, so the exact rule was applied.
        let (explained, exit) = try await node.command(
            "explain", try await Self.lastEvent(of: node, "unhealthy"))
        #expect(exit == .code(0))
        #expect(explained.contains("lower "))
        #expect(explained.contains("fail by abs_fail"))

        server.kill()
        let unknown = try await node.answer(to: Self.body, "nobody tells") {
            $0.status == "unknown"
        }
        let why = ["refused", "circuit_open"].map { "canary.5xx_rate: \($0)" }
        #expect(why.contains { unknown.reasons.contains($0) }, "\(unknown.reasons)")
        #expect(unknown.document["canary"]?["5xx_rate"] == .null)
    }

    @Test("queue, command, certificate, doctor and textfile probes, first healthy, then failing")
    func node() async throws {
        let folder = try TemporaryDirectory("probes")
        let certificate = try await TestCertificate.make(in: folder)
        let secure = try await HTTPDouble.start(tls: certificate)
        try FileManager.default.createDirectory(
            atPath: folder.file("spool"), withIntermediateDirectories: false)
        let script = folder.file("selftest")
        try Self.write(
            "#!/bin/sh\n[ \"$(env | wc -l)\" -le 6 ] || exit 9\ncat \(folder.file("result"))\n",
            to: script)
        chmod(script, 0o700)
        try Self.write(#"{"lag_ms": 4.5, "mode": "x"}"#, to: folder.file("result"))
        try Self.write(Self.doctor("pass", "pass"), to: folder.file("doctor.json"))
        try Self.write(
            "backup_age_seconds{job=\"db\"} 60\nbackup_age_seconds{job=\"www\"} 90\n",
            to: folder.file("backup.prom"))

        let single = try await SingleNode.start(
            yaml: """
                analysis:
                  interval: 2s
                  budget: 1900ms
                  window: 100ms
                  probes:
                    - {name: queue, kind: queue, folder: "\(folder.file("spool"))", suffix: .job, timeout: 1500ms}
                    - name: selftest
                      kind: command
                      command: ["\(script)"]
                      environment: {LANG: C}
                      fields: {gateway.lag_ms: /lag_ms}
                      timeout: 1500ms
                    - {name: edge, kind: certificate, address: "127.0.0.1:\(secure.port)", ca_file: "\(certificate.certificate)", timeout: 1500ms}
                    - {name: doctor, kind: file, path: "\(folder.file("doctor.json"))", schema: doctor, max_age: 1h, timeout: 1500ms}
                    - name: backup
                      kind: file
                      path: "\(folder.file("backup.prom"))"
                      schema: textfile
                      max_age: 1h
                      fields: {backup.age_s: 'backup_age_seconds{job="db"}'}
                      timeout: 1500ms
                  checks:
                    - {id: gateway.queue_depth, warn: 2, fail: 5, critical: true}
                    - {id: gateway.selftest_ok, critical: true}
                    - {id: gateway.lag_ms, warn: 10}
                    - {id: dependency.edge_cert_ok, critical: true}
                    - {id: dependency.edge_cert_days, warn: 1, direction: below}
                    - {id: doctor.status_ok, critical: true}
                    - {id: doctor.ntp_offset, warn: 100}
                    - {id: backup.age_s, warn: 100, fail: 1000}
                  concerns: {}
                """)
        defer { single.end() }
        let node = single.node
        let (checked, exit) = try await node.command("check")
        #expect(exit == .code(0), "\(checked)")

        let healthy = try await node.answer(to: Self.body, "all is well") {
            $0.status == "healthy"
        }
        #expect(healthy.number("gateway.queue_depth") == 0)
        #expect(healthy.document["gateway"]?["selftest_ok"] == .bool(true))
        #expect(healthy.number("gateway.lag_ms") == 4.5)
        #expect(healthy.document["dependency"]?["edge_cert_ok"] == .bool(true))
        #expect((healthy.number("dependency.edge_cert_days") ?? 0) > 1)
        #expect(healthy.document["doctor"]?["status_ok"] == .bool(true))
        #expect(healthy.number("doctor.ntp_offset") == 3)
        #expect(healthy.number("backup.age_s") == 60)
        #expect(healthy.reply.header("server-timing")?.contains("selftest;dur=") == true)

        // Every probe fails, each in a different way.
        for n in 0..<6 { try Self.write("", to: folder.file("spool/\(n).job")) }
        try Self.write("#!/bin/sh\nexit 3\n", to: script)
        try Self.write(Self.doctor("pass", "fail"), to: folder.file("doctor.json"))
        try Self.write("backup_age_seconds{job=\"db\"} 5000\n", to: folder.file("backup.prom"))
        let failing = try await node.answer(to: Self.body, "all fails") { answer in
            ["gateway.queue_depth", "gateway.selftest_ok", "doctor.status_ok", "backup.age_s"]
                .allSatisfy { answer.reasons.contains("\($0): abs_fail") }
        }
        #expect(failing.status == "unhealthy")
        #expect(failing.number("gateway.queue_depth") == 6)
        #expect(failing.document["gateway"]?["lag_ms"] == .null)
        #expect(failing.reasons.contains("gateway.lag_ms: not_running"))

        // Malformed, stale and missing values count as missing data, never as healthy.
        try FileManager.default.removeItem(atPath: folder.file("spool"))
        try Self.write("#!/bin/sh\nsleep 600\n", to: script)
        try Self.write(#"{"status":"fine"}"#, to: folder.file("doctor.json"))
        try Self.write("<html>", to: folder.file("backup.prom"))
        secure.kill()
        let missing = try await node.answer(to: Self.body, "nothing can be seen") {
            $0.status == "unknown"
        }
        for reason in [
            "gateway.queue_depth: missing_file", "gateway.selftest_ok: timeout",
            "dependency.edge_cert_ok: refused", "doctor.status_ok: garbage",
            "backup.age_s: garbage",
        ] {
            #expect(missing.reasons.contains(reason), "\(reason) in \(missing.reasons)")
        }
    }

    @Test("an authority and a client certificate renewed in a mounted Secret need no signal")
    func renewed() async throws {
        let folder = try TemporaryDirectory("secret")
        // As the kubelet writes a Secret: names that lead through `..data`, which is replaced.
        func mount(_ version: String, _ server: TestCertificate, _ client: TestCertificate) throws {
            let files = FileManager.default
            try files.createDirectory(
                atPath: folder.file("..\(version)"), withIntermediateDirectories: false)
            for (name, source) in [
                ("ca.crt", server.certificate), ("tls.crt", client.certificate),
                ("tls.key", client.key),
            ] {
                try files.copyItem(atPath: source, toPath: folder.file("..\(version)/\(name)"))
                if version == "1" {
                    try files.createSymbolicLink(
                        atPath: folder.file(name), withDestinationPath: "..data/\(name)")
                }
            }
            try files.createSymbolicLink(
                atPath: folder.file("..new"), withDestinationPath: "..\(version)")
            try #require(rename(folder.file("..new"), folder.file("..data")) == 0)
        }
        func pair(_ name: String) async throws -> (server: TestCertificate, client: TestCertificate)
        {
            (
                try await TestCertificate.make(in: folder, name: "server-\(name)"),
                try await TestCertificate.make(in: folder, name: "client-\(name)")
            )
        }
        let (old, new) = (try await pair("old"), try await pair("new"))
        try mount("1", old.server, old.client)
        let before = try await HTTPDouble.start(
            tls: old.server, clientCA: old.client.certificate)

        let single = try await SingleNode.start(
            yaml: """
                analysis:
                  interval: 2s
                  budget: 1900ms
                  window: 100ms
                  probes:
                    - name: db
                      kind: http
                      url: "\(before.url("/status/200"))"
                      ca_file: "\(folder.file("ca.crt"))"
                      client_certificate: "\(folder.file("tls.crt"))"
                      client_key: "\(folder.file("tls.key"))"
                      timeout: 1500ms
                  checks: [{id: dependency.db_ok, critical: true}]
                  concerns: {}
                """)
        defer { single.end() }
        let node = single.node
        _ = try await node.answer(to: Self.body, "the server is trusted") {
            $0.status == "healthy"
        }

        // The server is renewed first: neither end knows the other one.
        try await before.end()
        let after = try await HTTPDouble.start(
            tls: new.server, clientCA: new.client.certificate, port: before.port)
        let untrusted = try await node.answer(to: Self.body, "the authority is unknown") {
            $0.reasons.contains("dependency.db_ok: tls")
        }
        #expect(untrusted.status == "unknown")
        try mount("2", new.server, new.client)
        _ = try await node.answer(to: Self.body, "the renewed files are used") {
            $0.status == "healthy"
        }
        after.kill()
    }

    private static func doctor(_ status: String, _ ntp: String) -> String {
        #"{"status":"\#(status)","checks":{"ntp:offset":[{"status":"\#(ntp)","observedValue":3,"observedUnit":"ms"}]}}"#
    }

    /// Writes in place, so that the permissions stay.
    private static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    /// The id of the newest verdict with that status.
    static func lastEvent(of node: NodeProcess, _ status: String) async throws -> String {
        let (output, _) = try await node.command(
            "logs", "query", "--where", "status=\(status)", "--json")
        let line = try #require(output.split(separator: "\n").last)
        let event = try JSONValue(
            parsing: Array(line.utf8), limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 24))
        return try #require(event["id"]?.string)
    }
}
