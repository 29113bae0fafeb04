import Events
import Foundation
import Settings
import TestSupport
import Testing

@Suite("Files, warnings and the policy")
struct LoadingTests {
    @Test("an unreadable file is one fault")
    func unreadable() throws {
        let folder = try TemporaryDirectory()
        try Data([0x61, 0xFF]).write(to: URL(fileURLWithPath: folder.file("binary")))
        for (path, why) in [
            (folder.file("none.yaml"), "No such file"), (folder.path, "folder"),
            (folder.file("binary"), "UTF-8"),
        ] {
            let error = #expect(throws: SettingsFaults.self) {
                try Settings.load(path: path, environment: [:])
            }
            #expect(error?.faults.count == 1)
            #expect(error?.description.contains(why) == true)
            #expect(error?.description.contains(path) == true)
        }
    }

    @Test("files that the configuration names are checked")
    func namedFiles() throws {
        let folder = try TemporaryDirectory()
        try "x".write(toFile: folder.file("cert"), atomically: true, encoding: .utf8)
        let found = messages(
            of: """
                listen:
                  tls: {certificate: "\(folder.file("cert"))", key: "\(folder.file("key"))"}
                auth: {token_files: ["\(folder.path)"]}
                digest: {templates: "\(folder.file("cert"))"}
                """)
        #expect(
            found == [
                "b.yaml:2:\(27 + folder.file("cert").count + 4): listen.tls.key: \"\(folder.file("key"))\": "
                    + "No such file or directory; make the file, or correct the path",
                "b.yaml:3:22: auth.token_files[0]: \"\(folder.path)\" is a folder; name a file in it",
                "b.yaml:4:21: digest.templates: \"\(folder.file("cert"))\" is a file; "
                    + "name the folder that holds it",
            ])
        #expect(
            faults(of: "listen: {tls: {certificate: \"\(folder.file("cert"))\"}}").map(\.key) == [
                "listen.tls.certificate"
            ])
    }

    @Test("a value that is legal but probably wrong is a warning, not a fault")
    func warnings() throws {
        let reading = try Settings.read(
            text: """
                forward: {to: "http://notifier:8443"}
                log: {max_bytes: 1MiB, segment_bytes: 1MiB}
                analysis:
                  checks:
                    - {id: canary.5xx_rat, warn: 1}
                    - {id: stable.5xx_rate, fail: 5}
                    - {id: canary.p99_ms, warn: 1, critical: true, statistics: off}
                receivers: [{name: a, kind: file}, {name: b, kind: file}]
                route: {receiver: a, routes: [{receiver: a}]}
                """)
        #expect(
            reading.warnings.map { "\($0.line) \($0.key)" } == [
                "1 forward.to", "1 forward.to", "1 forward.to", "2 log.segment_bytes",
                "5 analysis.checks[0].id", "6 analysis.checks[1].fail",
                "7 analysis.checks[2].critical",
                "8 receivers[1]", "9 route.routes[0]",
            ])
        #expect(reading.warnings.allSatisfy { !$0.remedy.isEmpty })
        #expect(
            reading.warnings.first { $0.key == "analysis.checks[0].id" }?.remedy
                == "did you mean canary.5xx_rate?")
    }

    @Test(
        "a histogram in another unit than its name is a warning",
        arguments: [
            ("latency: rt_seconds, latency_unit: milliseconds", "write latency_unit: seconds"),
            ("latency: rt_ms", "write latency_unit: milliseconds"),
            ("latency: rt_milliseconds", "write latency_unit: milliseconds"),
            ("latency: rt_milliseconds, latency_unit: milliseconds", nil), ("latency: rt", nil),
            ("preset: linkerd", nil), ("preset: istio", nil), ("preset: nginx", nil),
        ] as [(String, String?)])
    func units(keys: String, remedy: String?) throws {
        let reading = try Settings.read(
            text: """
                analysis:
                  probes: [{name: a, kind: prometheus, url: "http://a", \(keys)}]
                  checks: [{id: canary.p99_ms, warn: 300, fail: 500}]
                """)
        let found = reading.warnings.filter { $0.key == "analysis.probes[0].latency_unit" }
        #expect(found.map(\.remedy) == [remedy].compactMap(\.self))
    }

    @Test("a limit without a value is a warning")
    func emptyLimits() throws {
        let reading = try Settings.read(
            text: """
                analysis:
                  checks:
                    - {id: canary.5xx_rate, warn: 0.005, fail: }
                    - {id: canary.p99_ms, fail: 500, stable_fail: null}
                """)
        let found = reading.warnings.filter { $0.fault.hasPrefix("no value") }
        #expect(found.map(\.key) == ["analysis.checks[0].fail", "analysis.checks[1].stable_fail"])
    }

    @Test("a placeholder of a link that no message fills in is a warning")
    func placeholders() throws {
        let reading = try Settings.read(
            text: """
                digest:
                  group_by: [rollout, team]
                  runbook_url: "https://x.example/{rollot}"
                  links: [{name: D, url: "https://x.example/{team}/{az}/{from_ms}"}]
                """)
        #expect(reading.warnings.map(\.key) == ["digest.runbook_url"])
        #expect(reading.warnings.first?.remedy == "did you mean rollout?")
    }

    @Test("a boolean check fails when false; a report without fields feeds any check of its name")
    func flags() throws {
        let reading = try Settings.read(
            text: """
                analysis:
                  probes: [{name: doctor, kind: file, path: /x}, {name: w, kind: process, process: w}]
                  checks: [{id: gateway.w_alive}, {id: doctor.any, warn: 1}]
                """)
        #expect(reading.warnings == [])
        let check = try #require(reading.settings.analysis.checks.first)
        #expect(check.fail == 0.5 && check.direction == .below && check.warn == nil)
        #expect(reading.settings.analysis.concerns == [:])
    }

    /// The documented keys, in the documented form.
    @Test("the documented example lacks nothing but the files of secrets")
    func documented() throws {
        let text = """
            node: gw-a1
            az: eu-west-1a
            roles: [gateway, notifier]
            data_dir: ./data
            listen:
              address: 127.0.0.1:8443
              hosts: []
              tls: {certificate: "", key: "", client_ca: "", client_names: []}
            auth: {token_files: []}
            analysis:
              budget: 2.5s
              interval: 30s
              probes:
                - {name: node, kind: disk, path: /, timeout: 200ms}
                - {name: canary, kind: prometheus, url: "http://127.0.0.1:9102/metrics", timeout: 800ms}
              checks:
                - {id: canary.5xx_rate, warn: 0.005, fail: 0.01, critical: true, weight: 4, nodata: unknown}
                - {id: canary.p99_ms, fail: 500}
              concerns: {latency: [canary.p99_ms]}
            forward: {to: "https://notifier:8443", token_file: "", ca_file: ""}
            log: {max_bytes: 1GiB, max_age: 30d, min_free: 2GiB, segment_bytes: 64MiB, segment_age: 1h, durability: commit, dedup_window: 24h}
            digest: {group_by: [namespace, rollout, revision], first_after: 10s, window: 60s, max_window: 5m, repeat: 30m, templates: ""}
            receivers:
              - {name: oncall, kind: slack, url_file: /run/secrets/slack}
              - {name: mail, kind: smtp, url: "smtp://mail:587", tls: required, from: a@b.example, to: [c@d.example], username: u, password_file: /run/secrets/mail}
              - {name: kept, kind: file}
            route: {receiver: kept, routes: [{match: {namespace: prod}, receivers: [oncall, mail]}]}
            """
        #expect(
            faults(of: text).map(\.key) == ["receivers[0].url_file", "receivers[1].password_file"])
    }

    @Test("min_keep is a share or a time")
    func minKeep() throws {
        #expect(Settings.embedded.log.minKeep == .share(0.25))
        #expect(try Settings.parse(text: "log: {min_keep: 40%}").log.minKeep == .share(0.4))
        #expect(
            try Settings.parse(text: "log: {min_keep: 24h}").log.minKeep
                == .history(.seconds(86_400)))
        for wrong in ["-1%", "101%", "x", "24", "nan%"] {
            #expect(faults(of: "log: {min_keep: \"\(wrong)\"}").map(\.key) == ["log.min_keep"])
        }
    }

    @Test("min_free is a tenth of a small disk, 2GiB of a large one, or as configured")
    func floor() throws {
        let log = Settings.embedded.log
        #expect(log.minFree(ofDisk: 10 << 30) == 1 << 30)
        #expect(log.minFree(ofDisk: 1 << 40) == 2 << 30)
        let own = try Settings.parse(text: "log: {min_free: 3GiB}").log
        #expect(own.minFree(ofDisk: 10 << 30) == 3 << 30)
    }
}
