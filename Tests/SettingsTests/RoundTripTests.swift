import Foundation
import Settings
import TestSupport
import Testing

@Suite("Written settings are read back")
struct RoundTripTests {
    @Test("an empty text, and one of comments only, gives the embedded defaults")
    func empty() throws {
        #expect(try Settings.parse(text: "") == Settings.embedded)
        #expect(try Settings.parse(text: "# nothing\n") == Settings.embedded)
        #expect(try Settings.parse(text: "listen:\nanalysis:\n") == Settings.embedded)
    }

    @Test("the embedded defaults are read back from their description")
    func embedded() throws {
        let embedded = Settings.embedded
        let reading = try Settings.read(text: embedded.describe())
        #expect(reading.settings == embedded)
        #expect(reading.warnings == [])
    }

    @Test("every key with a changed value is described and read back")
    func everything() throws {
        let folder = try TemporaryDirectory()
        for name in ["cert", "key", "ca", "tokens", "password", "slack"] {
            try "https://hooks.slack.com/services/T/B/x\n"
                .write(toFile: folder.file(name), atomically: true, encoding: .utf8)
        }
        let text = Self.full.replacing("DIR", with: folder.path)
        let environment = ["TOKEN": "t0p-s3cret", "HOST": "gw-b2"]
        let settings = try Settings.parse(text: text, environment: environment)
        let shown = settings.describe()
        #expect(try Settings.parse(text: shown, environment: environment) == settings)
        #expect(!shown.contains("t0p-s3cret"))
        #expect(!shown.contains("hooks.slack.com"))

        // No key has its default value; otherwise the round trip would prove less.
        for section in [
            "listen", "auth", "policy", "forward", "log", "bucket", "digest", "telemetry",
        ] {
            let standard = Self.entries(of: section, in: Settings.embedded.describe())
            let here = Self.entries(of: section, in: shown)
            #expect(!here.isEmpty)
            #expect(standard.intersection(here) == [])
        }
    }

    /// The `key: value` lines of a top-level section.
    private static func entries(of section: String, in text: String) -> Set<String> {
        let lines = text.split(separator: "\n")
        let inside = lines.drop { $0 != "\(section):" }.dropFirst().prefix { $0.hasPrefix(" ") }
        return Set(
            inside.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.hasSuffix(":") })
    }

    static let full = """
        node: ${env:HOST}
        az: eu-west-1a
        roles: [notifier]
        data_dir: DIR/data
        allow_inline_secrets: true
        listen:
          address: "[::1]:0"
          hosts: [bellwether.example]
          tls: {certificate: DIR/cert, key: DIR/key, client_ca: DIR/ca, client_names: [argo.example], clients: both, hsts: 30d}
          limits: {max_connections: 10, max_connections_per_peer: 5, max_header: 8KiB, max_body: 10KiB, max_ingest_body: 1MiB,
            max_memory: 16MiB, max_streams: 9, max_queries: 5, measurements_per_second: 7, measurements_burst: 8,
            header_timeout: 1s, request_deadline: 2s, idle_timeout: 3s, drain_deadline: 4s}
        auth:
          token_files: [DIR/tokens, {path: DIR/tokens, name: argo, scopes: [analysis, read]}]
        analysis:
          budget: 2s
          interval: 1m
          window: 20s
          settle: 3s
          fail_share: 40
          probes:
            - {name: root, kind: disk, path: DIR, min_free_ratio: 0.1, timeout: 100ms}
            - {name: worker, kind: process, pid_file: DIR/pid}
            - {name: agent, kind: process, process: agent-x}
            - {name: queue, kind: tcp, address: "127.0.0.1:5672", timeout: 1s}
            - {name: db, kind: http, url: "https://db:1/health?x=1", expect: [200, 204, 3xx], timeout: 1s,
               headers: {Accept: application/json, X-Api-Key: "${env:TOKEN}"}, token_file: DIR/tokens,
               fields: {gateway.queue_depth: /queue/depth}, ca_file: DIR/ca, insecure: true, max_body: 1KiB}
            - {name: page, kind: prometheus, url: "http://c:9/metrics", token: "${env:TOKEN}",
               requests: rq, status_label: s, failing: ["500", 50x], ok: [fine], latency: lat, latency_unit: milliseconds,
               role_label: version, canary: new, stable: old, labels: {app: "pay\\"ments: {x}"}}
            - {name: doctor, kind: file, path: DIR/doctor.json, max_age: 1m}
            - {name: nurse, kind: file, path: DIR/nurse.json, fields: {nurse.beds_free: /beds},
               require: {/beds: number, /wards: list}, made_at: /time}
            - {name: surgeon, kind: file, path: DIR/surgeon.json, schema: doctor, require: {/time: time}}
            - {name: backup, kind: file, path: DIR/backup.prom, schema: textfile,
               fields: {backup.age_s: "backup_age_seconds{job=\\"db\\", host=\\"a\\"}"}}
            - {name: spool, kind: queue, folder: DIR, suffix: .job}
            - {name: jobs, kind: queue, url: "https://jobs:1/stats", pointer: /waiting, bearer_token_file: DIR/tokens, ca_file: DIR/ca,
               headers: {X-Scope-OrgID: team-a}, client_certificate: DIR/cert, client_key: DIR/key, proxy_from_environment: true}
            - {name: self, kind: command, command: [/bin/sh], environment: {LANG: C, API_TOKEN: "${env:TOKEN}"},
               fields: {self.lag_ms: /lag}}
            - {name: edge, kind: certificate, address: "[::1]:443", server_name: shop.example, ca_file: DIR/ca}
            - name: fleet
              kind: prometheus_query
              url: "http://prometheus:9090"
              basic_auth: {username: "123456", password_file: DIR/tokens}
              queries:
                fleet.5xx_rate: {failing: "sum(increase(a[$window])) or vector(0)", total: 'sum(b)'}
                fleet.p95_ms: {buckets: "sum by (le) (c)", unit: milliseconds}
                fleet.cpu: avg(d{x="y"})
          checks:
            - {id: doctor.anything, warn: 2, fail: 1, direction: below, critical: true, weight: 7, nodata: ignore}
            - {id: stable.p99_ms, warn: 100.5, advisory: true, nodata: fail}
            - {id: gateway.worker_alive, nodata: warn}
            - id: canary.5xx_rate
              fail: 0.02
              statistics: {rho_warn: 1.1, rho_fail: 2, alpha_warn: 0.01, alpha_fail: 0.001,
                min_delta: 0.002, n_min: 50, prev_warn: 0.5, phi: 1.5}
            - {id: canary.p99_ms, fail: 400, statistics: {q: 0.95, tau: 250}}
            - {id: canary.rps, stable_warn: 0.5, stable_fail: 0.9, previous_warn: 0.2, direction: below}
            - {id: stable.5xx_rate, warn: 0.1, statistics: {kind: counter}}
          concerns:
            work: [gateway.worker_alive, doctor.anything]
            strict:
              checks: [canary.p99_ms]
              own: [{id: canary.5xx_rate, warn: 0.001, statistics: off}]
              template: {interval: 10s, count: 30, failure_limit: 1}
        policy: {mid_run: apply}
        forward: {to: "https://notifier:9", token_file: DIR/tokens, ca_file: DIR/ca, batch_lines: 5, batch_bytes: 65KiB,
          timeout: 3s, retry_initial: 1s, retry_ceiling: 1m}
        log: {max_bytes: 100MiB, max_age: 1d, min_free: 0, min_keep: 12.5%, segment_bytes: 1MiB, segment_age: 10m,
          durability: "interval:100ms", dedup_window: 1h, per_node_share: 0.25}
        bucket: {url: "s3://acme/prod", region: eu-west-1, endpoint: "https://s3.example:9000", ca_file: DIR/ca,
          credentials: {access_key: "${env:TOKEN}", secret_key_file: DIR/password}, ship: 2s, keep: 30d}
        digest: {group_by: [rollout, namespace, x.y], first_after: 1s, window: 30s, max_window: 1m, repeat: 10m, recover_after: 3,
          max_groups: 5, runbook_url: "https://run.book/{namespace}/{rollout}",
          rollout_url: "https://argo/{namespace}/{rollout}", status_url: "https://bw/", node_checks: [node., gateway.],
          storm: {groups: 7, within: 2m, messages: 4},
          links: [{name: Dashboard, url: "https://g/d?r={rollout}&from={from_ms}"}],
          owners: [{match: {namespace: prod}, owner: payments, on_call: "@alice"}], abort_after: 4, attempts: 12, templates: DIR}
        silences:
          - {id: nights, match: {namespace: dev}, where: [kind!=notice], days: [mon, sun], from: "22:00", until: "06:30", utc_offset: "-03:30", who: platform, why: asleep}
          - {id: berlin, match: {namespace: dev}, from: "22:00", until: "06:30", timezone: Europe/Berlin}
          - {id: move, where: [az~eu], from: "2026-11-28T20:00:00Z", until: "2026-11-28T23:00:00Z"}
        receivers:
          - {name: live, kind: slack, token_file: DIR/slack, channel: C0123456789, api_url: "https://slack.example/api", timeout: 4s}
          - {name: page, kind: exec, command: [/bin/sh], timeout: 3s}
          - {name: oncall, kind: slack, url_file: DIR/slack, ca_file: DIR/ca, timeout: 5s, retry_ceiling: 1h}
          - {name: hook, kind: webhook, url: "https://a.b/c", secret: "${env:TOKEN}"}
          - {name: teams, kind: webhook, recipe: teams, url_file: DIR/slack}
          - name: own
            kind: webhook
            url: "https://a.b/{{#mark}}{{.}}{{/mark}}"
            method: PUT
            headers: {Content-Type: text/plain, X-Api-Key: "${env:TOKEN}", X-State: "{{state}}"}
            body: |
              {{title}}
                "{{var.room}}"
            success: [200, 202-204]
            retry: [429, 5xx]
            max_bytes: 10KiB
            remember: /id
            variables: {room: "7", key_file: DIR/password, other: "${env:TOKEN}"}
          - {name: mail, kind: smtp, url: "smtps://m:465", from: "Bell <b@w.example>", to: [a@x.example],
             username: u, password_file: DIR/password, ca_file: DIR/ca, auth: cram-md5, hello: gw.w.example}
          - {name: token, kind: smtp, url: "smtp://m:587", from: b@w.example, to: [a@x.example],
             username: u, oauth_token_file: DIR/password, auth: xoauth2, hello: "[IPv6:2001:db8::1]"}
          - {name: plain, kind: smtp, url: "smtp://127.0.0.1:25", tls: none, from: b@w.example, to: [a@x.example]}
          - {name: disk, kind: file, directory: DIR/out}
        route:
          receivers: [disk, plain]
          routes:
            - {match: {namespace: prod, rollout: [a, "b c"], "x.y": "no"}, where: "kind!=notice or worst>=unknown", receivers: [oncall, mail], continue: true,
               routes: [{match: 'az=a and rollout=~"^pay"', receiver: hook}]}
        telemetry: {log_level: debug, log_format: json}

        """

    @Test(
        "valid durations",
        arguments: [
            ("500ms", 500, "500ms"), ("2.5s", 2500, "2500ms"), ("90s", 90_000, "90s"),
            ("1h30m", 5_400_000, "90m"), ("7d", 604_800_000, "7d"), ("0", 0, "0s"),
            ("24h", 86_400_000, "1d"),
        ])
    func durations(text: String, milliseconds: Int, shown: String) {
        #expect(DurationText.parse(text) == .milliseconds(milliseconds))
        #expect(DurationText.text(.milliseconds(milliseconds)) == shown)
        #expect(DurationText.parse(shown) == .milliseconds(milliseconds))
    }

    @Test(
        "invalid durations",
        arguments: [
            "", "5", "s", "-1s", "1.s", ".5s", "1e3s", "5 s", "5sec", "1s ", "٣s", "99999999999d",
        ])
    func noDurations(text: String) { #expect(DurationText.parse(text) == nil) }

    @Test(
        "valid sizes",
        arguments: [
            ("64KiB", 65_536, "64KiB"), ("1.5GiB", 1_610_612_736, "1536MiB"),
            ("4096", 4096, "4KiB"),
            ("7B", 7, "7"), ("0", 0, "0"), ("1TiB", 1 << 40, "1TiB"),
        ])
    func sizes(text: String, bytes: Int, shown: String) {
        #expect(SizeText.parse(text) == bytes)
        #expect(SizeText.text(bytes) == shown)
        #expect(SizeText.parse(shown) == bytes)
    }

    @Test(
        "invalid sizes",
        arguments: ["", "KiB", "1KB", "1kib", "-1", "0.5B", "1 KiB", "99999999TiB", "0.3KiB"])
    func noSizes(text: String) { #expect(SizeText.parse(text) == nil) }
}
