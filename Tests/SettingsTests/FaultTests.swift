import Foundation
import Settings
import TestSupport
import Testing

@Suite("All faults are reported at once, with their position and a remedy")
struct FaultTests {
    @Test("all faults of a file, in its order")
    func allAtOnce() {
        #expect(
            messages(
                of: """
                    nodes: a
                    az: "eu west"
                    roles: [gateway, notifyer]
                    listen: {address: nowhere}
                    analysis:
                      budget: 2.5
                      checks:
                        - {id: canary.5xx_rate, warn: 0.02, fail: 0.01, criticl: true}
                      concerns: {latency: [canary.p99]}
                    log: [1]
                    receivers: [{name: a, kind: slak}]

                    """)
                == [
                    "b.yaml:1:1: nodes: unknown key; did you mean node?",
                    "b.yaml:2:5: az: \"eu west\" is not a name; use letters, digits, '.', '_' and '-', at most 64",
                    "b.yaml:3:18: roles[1]: \"notifyer\" is not a role; did you mean notifier?",
                    "b.yaml:4:19: listen.address: \"nowhere\" is not an address to listen on; "
                        + "write host:port, :port for every address, for IPv6 [::1]:8443; a port is 0 to 65535",
                    "b.yaml:6:11: analysis.budget: \"2.5\" is not a duration; write 500ms, 10s, 5m, 1h or 7d",
                    "b.yaml:8:35: analysis.checks[0].warn: 0.02 lies beyond fail (0.01), so it never warns; "
                        + "swap them, or write direction: below",
                    "b.yaml:8:53: analysis.checks[0].criticl: unknown key; did you mean critical?",
                    "b.yaml:9:24: analysis.concerns.latency[0]: there is no check \"canary.p99\"; "
                        + "known are canary.5xx_rate",
                    "b.yaml:10:6: log: a list, not a mapping; write key: value lines without dashes",
                    "b.yaml:11:29: receivers[0].kind: \"slak\" is not a kind of receiver; "
                        + "did you mean slack? known are slack, smtp, webhook, file, exec",
                ])
    }

    /// A text, the key path of its only fault, and words of the message.
    typealias Case = (text: String, key: String, words: String)

    static let values: [Case] = [
        ("az: [a]", "az", "a list, not one value"),
        ("roles: gateway", "roles", "write [a, b]"),
        ("roles: []", "roles", "would do nothing"),
        ("data_dir: \"\"", "data_dir", "is empty"),
        ("allow_inline_secrets: yes", "allow_inline_secrets", "true or false"),
        ("listen: {address: \"::1:8443\"}", "listen.address", "[::1]:8443"),
        ("listen: {address: \"1.2.3.4:65536\"}", "listen.address", "host:port"),
        ("listen: {hosts: [\"https://a\"]}", "listen.hosts[0]", "without scheme"),
        ("listen: {tls: {client_names: [a]}}", "listen.tls.client_names", "client_ca"),
        ("listen: {tls: {clients: both}}", "listen.tls.clients", "needs client_ca"),
        ("listen: {limits: {max_body: 64KB}}", "listen.limits.max_body", "write 64KiB"),
        ("listen: {limits: {max_connections: 0}}", "listen.limits.max_connections", "1 to 1000000"),
        (
            "listen: {limits: {max_connections: many}}", "listen.limits.max_connections",
            "whole number"
        ),
        ("listen: {limits: {idle_timeout: 2h}}", "listen.limits.idle_timeout", "100ms to 1h"),
        ("auth: {token_files: [[a]]}", "auth.token_files[0]", "not a mapping"),
        ("analysis: {checks: [a]}", "analysis.checks[0]", "not a mapping"),
        ("analysis: {interval: 2s}", "analysis.budget", "overlap"),
        ("analysis: {fail_share: 0}", "analysis.fail_share", "1 to 100"),
        ("analysis: {checks: []}", "analysis.checks", "there is none"),
        ("analysis: {checks: [{id: a.b, warn: 1%}]}", "analysis.checks[0].warn", "1% is 0.01"),
        ("analysis: {checks: [{id: a.b, warn: nan}]}", "analysis.checks[0].warn", "not a number"),
        ("analysis: {checks: [{id: a.b}]}", "analysis.checks[0]", "neither warn nor fail"),
        ("analysis: {checks: [{id: ab, warn: 1}]}", "analysis.checks[0].id", "object.field"),
        ("analysis: {checks: [{warn: 1}]}", "analysis.checks[0]", "id is missing"),
        (
            "analysis: {checks: [{id: a.b, warn: 1}, {id: a.b, fail: 2}]}", "analysis.checks[1].id",
            "second"
        ),
        (
            "analysis: {checks: [{id: a.b, warn: 1, fail: 2, direction: below}]}",
            "analysis.checks[0].warn", "direction: above"
        ),
        (
            "analysis: {checks: [{id: a.b, warn: 1, nodata: no}]}", "analysis.checks[0].nodata",
            "ignore"
        ),
        ("analysis: {concerns: {Latency: [canary.p99_ms]}}", "analysis.concerns.Latency", "path"),
        ("analysis: {concerns: {all: [canary.p99_ms]}}", "analysis.concerns.all", "another name"),
        ("analysis: {concerns: {a: []}}", "analysis.concerns.a", "at least one"),
        ("forward: {to: \"notifier:8443\"}", "forward.to", "https://host:port"),
        ("roles: [gateway]", "forward.to", "must forward"),
        ("roles: [gateway]\nforward: {to: \"https://a/v1/events\"}", "forward.to", "path is known"),
        ("roles: [gateway]\nforward: {to: \"https://u:p@a\"}", "forward.to", "user or password"),
        ("forward: {to: [\"https://a\", \"b:1\"]}", "forward.to[1]", "https://host:port"),
        ("forward: {to: [\"https://a\", [b]]}", "forward.to[1]", "one address"),
        ("forward: {to: [\"https://a\", \"\"]}", "forward.to[1]", "write or remove"),
        ("forward: {to: [\"https://a\", \"https://a/\"]}", "forward.to", "once"),
        ("forward: {to: {a: b}}", "forward.to", "one address"),
        ("forward: {linger: 2m}", "forward.linger", "0s to 1m"),
        ("forward: {retry_initial: 1m, retry_ceiling: 30s}", "forward.retry_ceiling", "longest"),
        ("forward: {token: abc}", "forward.token", "token_file"),
        ("log: {max_bytes: 1KiB}", "log.max_bytes", "1MiB to"),
        ("log: {durability: fsync}", "log.durability", "interval:100ms"),
        ("log: {durability: \"interval:0\"}", "log.durability", "interval:100ms"),
        ("bucket: {region: eu-west-1}", "bucket", "url is missing"),
        ("ha: {advertise: \"https://a:8443\"}", "ha", "needs a bucket"),
        (
            "bucket: {url: \"s3://acme/x\"}\nha: {advertise: \"https://a:8443\"}", "ha",
            "for notifiers alone"
        ),
        ("ha: {lease: 10s}", "ha", "advertise is missing"),
        ("ha: {advertise: \"http://a:8443\"}", "ha.advertise", "https"),
        ("ha: {advertise: \"https://a:8443/x\"}", "ha.advertise", "path"),
        ("ha: {advertise: \"https://a:8443\", lease: 1s}", "ha.lease", "2s"),
        ("ha: {advertise: \"https://a:8443\", bucket_away: stop}", "ha.bucket_away", "tell, hold"),
        ("bucket: {url: \"https://s3.example/acme\"}", "bucket.url", "endpoint"),
        ("bucket: {url: \"s3://acme\", endpoint: s3.example}", "bucket.endpoint", "https://host"),
        ("bucket: {url: \"s3://acme\", endpoint: \"https://a/b\"}", "bucket.endpoint", "path"),
        ("bucket: {url: \"s3://acme\", credentials: env}", "bucket.credentials", "write auto"),
        ("bucket: {url: \"s3://acme\", credentials: [auto]}", "bucket.credentials", "a list"),
        (
            "bucket: {url: \"s3://acme\", credentials: {access_key: A}}", "bucket.credentials",
            "secret_key_file is missing"
        ),
        (
            "bucket: {url: \"s3://acme\", credentials: {access_key: A, secret_key: b}}",
            "bucket.credentials.secret_key", "secret_key_file: PATH"
        ),
        ("bucket: {url: \"s3://acme\", ship: 1ms}", "bucket.ship", "100ms to 1h"),
        ("bucket: {url: \"s3://acme\", keep: 1m}", "bucket.keep", "1h to"),
        ("digest: {group_by: []}", "digest.group_by", "at least one"),
        ("digest: {group_by: [a, a]}", "digest.group_by[1]", "twice"),
        ("digest: {first_after: 6m}", "digest.first_after", "max_window"),
        ("digest: {window: 10m}", "digest.window", "max_window"),
        ("digest: {repeat: 2s}", "digest.repeat", "window"),
        ("digest: {runbook_url: \"see {rollout}\"}", "digest.runbook_url", "web address"),
        ("digest: {runbook_url: \"${env:X}\"}", "digest.runbook_url", "not expanded here"),
        ("telemetry: {log_level: warn}", "telemetry.log_level", "warning"),
        ("5: 1", "5", "unknown key"),
        ("- a", "", "a list, not a mapping"),
        ("{[a]: b}", "", "not a word"),
    ]

    @Test("a value that its key does not accept", arguments: values)
    func value(_ wrong: Case) {
        let found = faults(of: wrong.text)
        #expect(found.map(\.key) == [wrong.key])
        #expect(found.first?.description.contains(wrong.words) == true, "\(found)")
        #expect(found.allSatisfy { $0.line > 0 && $0.column > 0 && !$0.remedy.isEmpty })
    }

    static let probes: [Case] = [
        ("{kind: disk}", "", "name is missing"),
        ("{name: a.b, kind: disk}", ".name", "begin with a letter"),
        (
            "{name: a}", "",
            "known are disk, process, tcp, http, prometheus, prometheus_query, file, queue, command, certificate"
        ),
        ("{name: a, kind: queu}", ".kind", "did you mean queue? known are disk, process,"),
        ("{name: a, kind: disk, timeout: 2500ms}", ".timeout", "analysis.budget (2500ms)"),
        ("{name: a, kind: disk, min_free_ratio: 5}", ".min_free_ratio", "0.0 to 0.99"),
        ("{name: a, kind: disk, url: x}", ".url", "unknown key"),
        ("{name: a, kind: process}", "", "neither pid_file nor process"),
        ("{name: a, kind: tcp}", "", "address: host:port"),
        ("{name: a, kind: tcp, address: a}", ".address", "host:port"),
        ("{name: a, kind: http}", "", "url is missing"),
        ("{name: a, kind: http, url: \"ftp://a\"}", ".url", "the scheme"),
        ("{name: a, kind: http, url: \"http://\"}", ".url", "no host"),
        ("{name: a, kind: http, url: \"http://a:b/\"}", ".url", "host and port"),
        ("{name: a, kind: http, url: \"http://a b/\"}", ".url", "blank"),
        ("{name: a, kind: http, url: \"http://u:p@a/\"}", ".url", "basic_auth: {username"),
        (
            "{name: a, kind: http, url: \"http://a\", basic_auth: {username: \"a:b\", password: \"${env:P}\"}}",
            ".basic_auth.username", "colon"
        ),
        (
            "{name: a, kind: http, url: \"http://a\", basic_auth: {password: \"${env:P}\"}}",
            ".basic_auth", "username: NAME"
        ),
        (
            "{name: a, kind: http, url: \"http://a\", basic_auth: {username: u}}", ".basic_auth",
            "password_file: PATH"
        ),
        (
            "{name: a, kind: http, url: \"http://a\", headers: {authorization: \"${env:P}\"}, token: \"${env:P}\"}",
            ".headers.authorization", "keep one"
        ),
        (
            "{name: a, kind: http, url: \"http://a\", headers: {Host: b}}", ".headers.Host",
            "host is that of url"
        ),
        (
            "{name: a, kind: http, url: \"https://a\", client_certificate: /etc/hosts}",
            ".client_certificate", "without client_key"
        ),
        ("{name: a, kind: http, url: \"http://a\", expect: [20]}", ".expect[0]", "200-299"),
        ("{name: a, kind: http, url: \"http://a\", expect: [200-]}", ".expect[0]", "200-299"),
        ("{name: a, kind: http, url: \"http://a\", expect: [-200]}", ".expect[0]", "200-299"),
        ("{name: a, kind: http, url: \"http://a\", fields: {x: /y}}", ".fields.x", "object.field"),
        ("{name: a, kind: http, url: \"http://a\", fields: {x.z: y}}", ".fields.x.z", "slash"),
        (
            "{name: a, kind: http, url: \"http://a\", headers: {\"X Y\": z}}", ".headers.X Y",
            "header"
        ),
        (
            "{name: a, kind: http, url: \"http://a\", headers: {Authorization: Basic abc}}",
            ".headers.Authorization", "${env:NAME}"
        ),
        (
            "{name: a, kind: prometheus, url: \"http://a\", requests: \"a{b}\"}", ".requests",
            "labels"
        ),
        (
            "{name: a, kind: prometheus, url: \"http://a\", failing: [\"\"]}", ".failing[0]",
            "503, 5xx or 500-599"
        ),
        (
            "{name: a, kind: prometheus, url: \"http://a\", failing: [599-500]}", ".failing[0]",
            "500-599, from 100 to 599"
        ),
        (
            "{name: a, kind: prometheus, url: \"http://a\", failing: [5x]}", ".failing[0]",
            "503, 5xx, 50x"
        ),
        (
            "{name: a, kind: prometheus, url: \"http://a\", failing: [\"500-5xx\"]}",
            ".failing[0]", "500-599"
        ),
        (
            "{name: a, kind: prometheus, url: \"http://a\", ok: [6xx]}", ".ok[0]",
            "from 100 to 599"
        ),
        (
            "{name: a, kind: prometheus, url: \"http://a\", failing: [bad], ok: [bad]}", ".ok[0]",
            "keep it in one of them"
        ),
        (
            "{name: a, kind: prometheus, url: \"http://a\", preset: lingerd}", ".preset",
            "did you mean linkerd?"
        ),
        (
            "{name: a, kind: prometheus, url: \"http://a\", role_label: a-b}", ".role_label",
            "label's"
        ),
        ("{name: a, kind: prometheus, url: \"http://a\", canary: stable}", ".canary", "same value"),
        ("{name: a, kind: file}", "", "path is missing"),
        ("{name: status, kind: file, path: /x}", ".name", "its own place"),
        ("{name: a, kind: file, path: /x, schema: xml}", ".schema", "json, doctor, textfile"),
        ("{name: a, kind: file, path: /x, schema: textfile}", "", "fields is missing"),
        (
            "{name: a, kind: file, path: /x, schema: textfile, fields: {a.b: \"x{y=z}\"}}",
            ".fields.a.b", "metric{label="
        ),
        (
            "{name: a, kind: file, path: /x, schema: textfile, fields: {a.b: x}, made_at: /t}",
            ".made_at", "unknown key"
        ),
        ("{name: a, kind: file, path: /x, require: {a: number}}", ".require.a", "slash"),
        ("{name: a, kind: file, path: /x, require: {/a: int}}", ".require./a", "number, flag"),
        ("{name: a, kind: file, path: /x, made_at: t}", ".made_at", "slash"),
        (
            "{name: a, kind: file, path: /x, schema: doctor, fields: {a.b: /c}}", ".fields",
            "unknown"
        ),
        ("{name: a, kind: queue}", "", "neither folder nor url"),
        ("{name: a, kind: queue, folder: /x, url: \"http://a\", pointer: /b}", ".url", "beside"),
        ("{name: a, kind: queue, url: \"http://a\"}", "", "pointer is missing"),
        ("{name: a, kind: queue, url: \"http://a\", pointer: b}", ".pointer", "slash"),
        ("{name: a, kind: queue, folder: /x, ca_file: /y}", ".ca_file", "unknown key"),
        ("{name: a, kind: command}", "", "command is missing"),
        ("{name: a, kind: command, command: [doctor]}", ".command[0]", "absolute"),
        ("{name: a, kind: command, command: [/no/such]}", ".command[0]", "No such file"),
        (
            "{name: a, kind: command, command: [/bin/sh], environment: {A-B: c}}",
            ".environment.A-B", "variable's name"
        ),
        (
            "{name: a, kind: command, command: [/bin/sh], environment: {DB_PASSWORD: c}}",
            ".environment.DB_PASSWORD", "${env:NAME}"
        ),
        (
            "{name: a, kind: command, command: [/bin/sh], environment: {B: \"\"}}",
            ".environment.B", "no value"
        ),
        ("{name: a, kind: command, command: [/bin/sh, \"${env:X}\"]}", ".command[1]", "argument"),
        ("{name: a, kind: certificate}", "", "address is missing"),
        ("{name: a, kind: certificate, address: \"https://a\"}", ".address", "host:port"),
        (
            "{name: a, kind: certificate, address: \"a:443\", server_name: \"a:443\"}",
            ".server_name", "without scheme and port"
        ),
        ("{name: a, kind: certificate, address: \"a:443\", ca_file: /no}", ".ca_file", "No such"),
        ("{name: a, kind: prometheus_query, queries: {a.b: c}}", "", "url is missing"),
        ("{name: a, kind: prometheus_query, url: \"http://a\"}", "", "queries is missing"),
        (
            "{name: a, kind: prometheus_query, url: \"http://a/?x\", queries: {a.b: c}}", ".url",
            "base address"
        ),
        (
            "{name: a, kind: prometheus_query, url: \"http://a\", queries: {a: b}}", ".queries.a",
            "canary.5xx_rate"
        ),
        (
            "{name: a, kind: prometheus_query, url: \"http://a\", queries: {a.b: {total: x}}}",
            ".queries.a.b", "failing is missing"
        ),
        (
            "{name: a, kind: prometheus_query, url: \"http://a\", queries: {a.b: {buckets: x, unit: s}}}",
            ".queries.a.b.unit", "seconds, milliseconds"
        ),
    ]

    @Test("an invalid probe", arguments: probes)
    func probe(_ wrong: Case) {
        let found = faults(
            of: "analysis:\n  probes:\n    - \(wrong.text)\n", environment: ["P": "x"])
        #expect(found.map(\.key) == ["analysis.probes[0]" + wrong.key])
        #expect(found.first?.description.contains(wrong.words) == true, "\(found)")
        #expect(found.first?.line == 3)
    }

    @Test("two probes with one name, and two that report one signal")
    func probeNames() {
        let found = messages(
            of: """
                analysis:
                  probes:
                    - {name: a, kind: disk}
                    - {name: a, kind: tcp, address: "h:1"}
                    - {name: b, kind: disk}
                """)
        #expect(
            found == [
                "b.yaml:4:14: analysis.probes[1].name: a second probe named \"a\"; give it another name",
                "b.yaml:5:7: analysis.probes[2]: reports gateway.disk_ok, as \"a\" does already; "
                    + "keep one of the two",
            ])
    }

    static let receivers: [Case] = [
        ("{kind: file}", "", "name is missing"),
        ("{name: a}", "", "kind is missing"),
        ("{name: a, kind: file, url: x}", ".url", "unknown key"),
        ("{name: a, kind: slack}", "", "url_file"),
        (
            "{name: a, kind: slack, url: \"https://hooks.slack.com/services/T/B/x\"}", ".url",
            "url_file"
        ),
        ("{name: a, kind: slack, url: nothing}", ".url", "no scheme"),
        ("{name: a, kind: webhook, url: \"https://u:p@h/\"}", ".url", "secret"),
        ("{name: a, kind: webhook, url: \"https://h/\", secret: abc}", ".secret", "secret_file"),
        ("{name: a, kind: smtp, from: a@b, to: [c@d]}", "", "smtp://host:587"),
        (
            "{name: a, kind: smtp, url: \"http://m\", from: a@b, to: [c@d]}", ".url",
            "smtp://host:port"
        ),
        ("{name: a, kind: smtp, url: \"smtp://m\", to: [c@d]}", "", "from"),
        ("{name: a, kind: smtp, url: \"smtp://m\", from: a, to: [c@d]}", ".from", "name@host"),
        ("{name: a, kind: smtp, url: \"smtp://m\", from: a@b}", "", "names nobody"),
        (
            "{name: a, kind: smtp, url: \"smtp://m\", from: a@b, to: [c@d, \"e@f\\r\\nRCPT TO:<x@y>\"]}",
            ".to[1]", "\\u{d}\\u{a}"
        ),
        (
            "{name: a, kind: smtp, url: \"smtp://m\", from: \"A\\nB <a@b>\", to: [c@d]}", ".from",
            "mail"
        ),
        (
            "{name: a, kind: smtp, url: \"smtp://m\", from: a@b, to: [c@d], username: u}", "",
            "alone"
        ),
        (
            "{name: a, kind: smtp, url: \"smtp://m\", from: a@b, to: [c@d], username: u, password: \"${env:P}\", oauth_token: \"${env:P}\"}",
            "", "a password and a token"
        ),
        (
            "{name: a, kind: smtp, url: \"smtp://m\", from: a@b, to: [c@d], oauth_token: \"${env:P}\"}",
            "", "oauth_token is given alone"
        ),
        (
            "{name: a, kind: smtp, url: \"smtp://m\", from: a@b, to: [c@d], auth: plain}", ".auth",
            "no credential"
        ),
        (
            "{name: a, kind: smtp, url: \"smtp://m\", from: a@b, to: [c@d], username: u, password: \"${env:P}\", auth: xoauth2}",
            ".auth", "another credential"
        ),
        (
            "{name: a, kind: smtp, url: \"smtp://m\", from: a@b, to: [c@d], username: u, oauth_token: \"${env:P}\", auth: login}",
            ".auth", "another credential"
        ),
        (
            "{name: a, kind: smtp, url: \"smtp://m\", from: a@b, to: [c@d], auth: ntlm}", ".auth",
            "cram-md5"
        ),
        (
            "{name: a, kind: smtp, url: \"smtp://m\", from: a@b, to: [c@d], hello: gw_1}", ".hello",
            "no name that relays take"
        ),
        (
            "{name: a, kind: smtp, url: \"smtps://m\", tls: none, from: a@b, to: [c@d]}", ".tls",
            "smtps"
        ),
        (
            "{name: a, kind: smtp, url: \"smtp://m\", tls: none, from: a@b, to: [c@d], username: u, password: \"${env:P}\"}",
            ".tls", "in the clear"
        ),
    ]

    @Test("an invalid receiver", arguments: receivers)
    func receiver(_ wrong: Case) {
        let found = faults(of: "receivers:\n  - \(wrong.text)\n", environment: ["P": "p"])
        #expect(found.map(\.key) == ["receivers[0]" + wrong.key])
        #expect(found.first?.description.contains(wrong.words) == true, "\(found)")
    }

    @Test("invalid routes")
    func routes() {
        #expect(
            messages(
                of: """
                    receivers: [{name: oncall, kind: file}, {name: oncall, kind: file}]
                    route:
                      receiver: onkall
                      receivers: [oncall]
                      match: {a: b}
                      routes:
                        - {match: {rollout: b}, receiver: nobody}
                        - {match: [a], receivers: []}
                        - {match: {'d o"': b}}
                    """)
                == [
                    "b.yaml:1:48: receivers[1].name: a second receiver named \"oncall\"; give it another name",
                    "b.yaml:3:3: route.receiver: given beside receivers; keep one of the two",
                    "b.yaml:5:3: route.match: the outermost route takes all; put it into one of routes",
                    "b.yaml:7:39: route.routes[0].receiver: there is no receiver \"nobody\"; "
                        + "known are oncall, oncall",
                    "b.yaml:8:15: route.routes[1].match: a list, not a mapping; "
                        + "write key: value lines without dashes",
                    "b.yaml:8:31: route.routes[1].receivers: names nobody; "
                        + "name a receiver, or leave the key out",
                    "b.yaml:9:16: route.routes[2].match.d o\": \"d o\"\" is not a field's name; "
                        + "write letters, digits and any of _ - .",
                ])
    }
}
