import Arguments
import Secrets
import Settings
import Testing

@Suite("Arguments and policies in the configuration")
struct ArgumentSettingsTests {
    /// A probe, the key path of its only fault, and words of the message.
    typealias Case = (probe: String, key: String, words: String)

    static let probes: [Case] = [
        (
            "{name: a, kind: http, url: \"http://h/$rolout\"}", ".url",
            "\"$rolout\" is not an argument; did you mean $rollout?"
        ),
        (
            "{name: a, kind: http, url: \"http://h/$price\"}", ".url",
            "known are $rollout, $namespace"
        ),
        ("{name: a, kind: http, url: \"http://h/${rollout\"}", ".url", "without its }"),
        ("{name: a, kind: http, url: \"http://$rollout:80/x\"}", ".url", "an argument in the host"),
        ("{name: a, kind: http, url: \"http://h$rollout/x\"}", ".url", "an argument in the host"),
        ("{name: a, kind: http, url: \"http://h:$step/x\"}", ".url", "an argument in the host"),
        ("{name: a, kind: http, url: \"$rollout\"}", ".url", "an argument in the host"),
        (
            "{name: a, kind: http, url: \"http://h\", headers: {X-A: $rolout}}", ".headers.X-A",
            "did you mean $rollout?"
        ),
        (
            "{name: a, kind: http, url: \"http://h\", headers: {X-A: \"$rollout ${env:P}\"}}",
            ".headers.X-A", "beside a variable"
        ),
        (
            "{name: a, kind: http, url: \"http://h\", basic_auth: {username: $rolout, password: \"${env:P}\"}}",
            ".basic_auth.username", "did you mean $rollout?"
        ),
        (
            "{name: a, kind: queue, folder: /x, suffix: -$rolout.job}", ".suffix",
            "did you mean $rollout?"
        ),
        ("{name: a, kind: tcp, address: \"$rollout.prod:80\"}", ".address", "is not host:port"),
        (
            "{name: a, kind: certificate, address: \"h:443\", server_name: $rollout.prod}",
            ".server_name", "is not a host's name"
        ),
        (
            "{name: a, kind: http, url: \"http://h\", bearer_token_file: /run/$namespace}",
            ".bearer_token_file", "No such file"
        ),
        ("{name: a, kind: file, path: /x/$name}", ".path", "$$ for a dollar"),
        ("{name: a, kind: file, path: \"/x/${env:P}\"}", ".path", "not expanded"),
        ("{name: a, kind: command, command: [/bin/echo, $rolout]}", ".command[1]", "$rollout"),
        (
            "{name: a, kind: command, command: [/bin/sh, -c, \"echo $rollout\"]}", ".command[2]",
            "a shell's script"
        ),
        (
            "{name: a, kind: command, command: [/usr/bin/env, bash, -xc, \"echo $rollout\"]}",
            ".command[3]", "a shell's script"
        ),
        (
            "{name: a, kind: prometheus_query, url: \"http://h\", queries: {a.b: 'x{c=\"$app\"}'}}",
            ".queries.a.b", "\"$app\" is not an argument"
        ),
        (
            "{name: a, kind: prometheus_query, url: \"http://h\", queries: {a.b: 'x{c=$rollout}'}}",
            ".queries.a.b", "outside of quotation marks"
        ),
        (
            "{name: a, kind: prometheus, url: \"http://h\", select: {a-b: c}}", ".select.a-b",
            "label's name"
        ),
        (
            "{name: a, kind: prometheus, url: \"http://h\", canary: {h: $canary_hash}}", ".canary",
            "write both as labels"
        ),
        (
            "{name: a, kind: prometheus, url: \"http://h\", select: {a: b}, labels: {a: b}}",
            ".labels", "beside select"
        ),
        (
            "{name: a, kind: prometheus, url: \"http://h\", canary: {h: $canary}, stable: {h: b}}",
            ".canary.h", "did you mean $canary_hash?"
        ),
        (
            "{name: a, kind: http, url: \"http://h\", fields: {a.b: /rates/$rollout}}",
            ".fields.a.b", "a JSON pointer takes no arguments"
        ),
        (
            "{name: a, kind: file, path: /x, fields: {a.b: \"/${rollout}/rate\"}}",
            ".fields.a.b", "a JSON pointer takes no arguments"
        ),
        (
            "{name: a, kind: file, path: /x, made_at: /$rolout/time}", ".made_at",
            "a JSON pointer takes no arguments"
        ),
        (
            "{name: a, kind: file, path: /x, require: {/$rollout: number}}", ".require./$rollout",
            "a JSON pointer takes no arguments"
        ),
        (
            "{name: a, kind: command, command: [/bin/echo], fields: {a.b: /$namespace}}",
            ".fields.a.b", "let the address, the path or the command name the rollout"
        ),
        (
            "{name: a, kind: queue, url: \"http://h\", pointer: /$rollout/depth}", ".pointer",
            "a JSON pointer takes no arguments"
        ),
    ]

    @Test("keys of documents that begin with a dollar are no arguments")
    func dollarKeys() throws {
        let probe = try probe(
            "{name: a, kind: http, url: \"http://h\", fields: {a.b: /$defs/$ref/$schema}}")
        #expect(probe.name == "a")
    }

    @Test("wrong arguments are faults with a suggestion", arguments: probes)
    func faultsOfProbes(example: Case) {
        let found = faults(
            of: "analysis: {probes: [\(example.probe)]}", environment: ["P": "x"])
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.key == "analysis.probes[0]" + example.key)
        #expect(found.first?.description.contains(example.words) == true, "\(found)")
    }

    private func probe(_ text: String) throws -> Settings.Probe {
        try #require(
            try Settings.parse(text: "analysis: {probes: [\(text)], checks: [{id: a.b, warn: 1}]}")
                .analysis.probes.first)
    }

    private let values = MeasurementArguments([
        .rollout: "shop", .namespace: "prod", .revision: "-17", .canaryHash: "6c54",
    ])

    @Test("arguments stand in addresses, headers, commands, variables and file names")
    func places() throws {
        let http = try probe(
            "{name: a, kind: http, url: \"http://h/${namespace}/x?r=$rollout\", headers: {X-Org: $namespace, X-Pay: a$$b}}"
        )
        #expect(http.sourceArguments == [.namespace, .rollout])
        guard case .http(let filled) = try http.filled(with: values).kind else {
            Issue.record("another kind of probe")
            return
        }
        #expect(filled.access.url == "http://h/prod/x?r=shop")
        #expect(filled.access.headers["X-Org"]?.shown == "prod")
        #expect(filled.access.headers["X-Pay"]?.shown == "a$b")

        let command = try probe(
            "{name: a, kind: command, command: [/bin/echo, \"--r=$revision\", --, $revision], environment: {R: $rollout}}"
        )
        guard case .command(let run) = try command.filled(with: values).kind else {
            Issue.record("another kind of probe")
            return
        }
        #expect(run.command == ["/bin/echo", "--r=-17", "--", "-17"])
        #expect(run.environment["R"]?.shown == "shop")
        let option = try probe("{name: a, kind: command, command: [/bin/echo, $revision]}")
        #expect(throws: ArgumentFault.self) { try option.filled(with: values) }

        let file = try probe(
            "{name: a, kind: file, path: /x/$namespace/$rollout.prom, schema: textfile, fields: {a.b: 'm{h=\"$canary_hash\"}'}}"
        )
        guard case .file(let report) = try file.filled(with: values).kind else {
            Issue.record("another kind of probe")
            return
        }
        #expect(report.path == "/x/prod/shop.prom")
        #expect(report.fields["a.b"] == #"m{h="6c54"}"#)
        // A value never adds a label to the series.
        #expect(throws: ArgumentFault.self) {
            try file.filled(with: values.setting(.canaryHash, #"6c54",other="x"#))
        }
    }

    @Test("arguments stand in the user of basic authentication and in the end of file names")
    func userAndSuffix() throws {
        func read(_ user: String) throws -> Settings.Probe {
            let access = "basic_auth: {password: \"${env:P}\", username: \"\(user)\"}"
            let settings = try Settings.parse(
                text:
                    "analysis: {probes: [{name: a, kind: http, url: \"http://h\", \(access)}], checks: [{id: a.b, warn: 1}]}",
                environment: ["P": "x", "U": "a$b$rollout"])
            return try #require(settings.analysis.probes.first)
        }
        func user(_ text: String, _ values: MeasurementArguments) throws -> String? {
            let probe = try read(text)
            // What `check --show` prints is read back as the same.
            let shown = try #require(probe.access?.username)
            #expect(try read(shown) == probe)
            return try probe.filled(with: values).access?.username
        }
        #expect(try user("$namespace-ro", values) == "prod-ro")
        #expect(try user("${namespace}ro", values) == "prodro")
        #expect(try user("a$$b", values) == "a$b")
        // A variable's value contains no arguments.
        #expect(try user("${env:U}", values) == "a$b$rollout")
        #expect(throws: ArgumentFault.self) {
            try user("$revision", values.setting(.revision, "prod:x"))
        }

        let queue = try probe("{name: a, kind: queue, folder: /x, suffix: \"-$rollout.job\"}")
        #expect(queue.sourceArguments == [.rollout])
        guard case .queue(let filled) = try queue.filled(with: values).kind else {
            Issue.record("another kind of probe")
            return
        }
        #expect(filled.suffix == "-shop.job")
        #expect(throws: ArgumentFault.self) {
            try queue.filled(with: values.setting(.rollout, "../x"))
        }
    }

    @Test("arguments that select series of one page are no source of their own")
    func selection() throws {
        let page = try probe(
            "{name: a, kind: prometheus, url: \"http://h/metrics\", select: {rollout: $rollout}, canary: {hash: $canary_hash}, stable: {hash: $stable_hash}}"
        )
        #expect(page.sourceArguments == [])
        #expect(page.arguments == [.rollout, .canaryHash, .stableHash])
        let query = try probe(
            "{name: a, kind: prometheus_query, url: \"http://h/$namespace\", queries: {a.b: 'x{c=\"$rollout\"}'}}"
        )
        #expect(query.sourceArguments == [.namespace])
        #expect(query.arguments == [.namespace, .rollout])
    }

    @Test("a signal is shared if one of its queries, or its version's labels, selects no rollout")
    func shared() throws {
        let queries = try probe(
            "{name: a, kind: prometheus_query, url: \"http://h\", queries: {canary.own: 'x{c=\"$rollout\"}', canary.same: 'x{c=\"$namespace\"}', gateway.load: y, stable.5xx_rate: {failing: 'f{c=\"$stable_hash\"}', total: t}}}"
        )
        #expect(queries.sharedSignals == ["canary.same", "stable.5xx_rate"])
        let page = try probe(
            "{name: a, kind: prometheus, url: \"http://h\", canary: {h: $canary_hash}, stable: {role: stable}}"
        )
        #expect(page.sharedSignals == page.rolloutSignals.filter { $0.hasPrefix("stable.") })
        #expect(page.sharedSignals.contains("stable.5xx_rate"))
        for own in [
            "{name: a, kind: prometheus, url: \"http://h/$rollout\"}",
            "{name: a, kind: prometheus, url: \"http://h\", select: {app: $rollout}}",
            "{name: a, kind: disk}",
        ] { #expect(try probe(own).sharedSignals == [], "\(own)") }
    }

    @Test("a dollar in a webhook's headers and variables stands for itself")
    func webhooks() throws {
        func text(_ header: String) -> String {
            "receivers: [{name: a, kind: webhook, url: \"https://a.example/x\", "
                + "headers: {X-A: \"\(header)\"}, variables: {currency: $usd}}]"
        }
        let receiver = try #require(try Settings.parse(text: text("$5 $rolout")).receivers.first)
        guard case .webhook(_, let request) = receiver.kind else {
            Issue.record("\(receiver.kind)")
            return
        }
        #expect(request.headers["X-A"]?.shown == "$5 $rolout")
        #expect(request.variables["currency"]?.shown == "$usd")
        #expect(
            faults(of: text("${rollout}")).map(\.key) == ["receivers[0].headers.X-A"])
    }

    static let policies: [Case] = [
        ("{match: {rollout: a}}", "", "name is missing"),
        ("{name: default, match: {rollout: a}}", ".name", "another name"),
        ("{name: p, match: {rolout: a}}", ".match.rolout", "did you mean rollout?"),
        ("{name: p, match: {rollout: Pay*}}", ".match.rollout", "Kubernetes name"),
        ("{name: p, match: {rollout: [a, \"b c\"]}}", ".match.rollout[1]", "Kubernetes name"),
        ("{name: p, match: {rollout: a}, probes: [nod]}", ".probes[0]", "did you mean node?"),
        (
            "{name: p, match: {rollout: a}, checks: [canary.5xx]}", ".checks[0]",
            "known are canary.5xx_rate"
        ),
        ("{name: p, match: {rollout: a}, checks: []}", ".checks", "there is none"),
        (
            "{name: p, match: {rollout: a}, probes: [{name: node, kind: disk}]}", ".probes",
            "a second probe"
        ),
        (
            "{name: p, match: {rollout: a}, probes: [canary, {name: b, kind: prometheus, url: \"http://h\"}]}",
            ".probes[1]", "as \"canary\" does already"
        ),
        (
            "{name: p, match: {rollout: a}, concerns: {x: [canary.p9]}}", ".concerns.x[0]",
            "no check"
        ),
    ]

    @Test("wrong policies are faults", arguments: policies)
    func faultsOfPolicies(example: Case) {
        let found = faults(of: "analysis: {policies: [\(example.probe)]}")
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.key == "analysis.policies[0]" + example.key)
        #expect(found.first?.description.contains(example.words) == true, "\(found)")
    }

    static let example = """
        analysis:
          probes:
            - {name: node, kind: disk}
            - {name: mesh, kind: prometheus, url: "http://h:9/metrics", select: {app: $rollout}, canary: {hash: $canary_hash, a: b}, stable: {hash: $stable_hash}}
          checks:
            - {id: gateway.disk_ok}
            - {id: canary.5xx_rate, fail: 0.01, critical: true}
          concerns: {errors: [canary.5xx_rate]}
          policies:
            - name: payments
              match: {namespace: [prod, live], rollout: "payments-*"}
              fail_share: 30
              checks: [gateway.disk_ok, {id: canary.5xx_rate, fail: 0.001, critical: true}]
            - name: batch
              match: {namespace: jobs}
              probes: [node, {name: report, kind: file, path: "/x/$rollout.json", fields: {report.rows: /rows}}]
              checks: [{id: report.rows, fail: 1, direction: below}]
              concerns: {}

        """

    @Test(
        "a policy has what it names, and the rest of the common ones; it is described and read back"
    )
    func reading() throws {
        let reading = try Settings.read(text: Self.example)
        #expect(reading.warnings.map(\.description) == [])
        let analysis = reading.settings.analysis
        #expect(analysis.unmatched == .refuse)
        let payments = analysis.policies[0]
        #expect(payments.probes == ["node", "mesh"])
        #expect(payments.checks.map(\.fail) == [0.5, 0.001])
        #expect(payments.failShare == 30)
        #expect(payments.concerns.keys.sorted() == ["errors"])
        #expect(payments.match.mayBeSeveral)
        let batch = analysis.policies[1]
        #expect(batch.probes == ["node", "report"])
        #expect(batch.ownProbes.map(\.name) == ["report"])
        #expect(batch.concerns.isEmpty)
        #expect(analysis.allProbes.map(\.name) == ["node", "mesh", "report"])
        #expect(try Settings.parse(text: reading.settings.describe()) == reading.settings)
        #expect(Settings.embedded.analysis.unmatched == .judge)
    }

    @Test("a policy behind one that matches everything of it is a warning; refusing all is a fault")
    func order() throws {
        let reading = try Settings.read(
            text: """
                analysis:
                  policies:
                    - {name: all, match: {namespace: prod}}
                    - {name: pay, match: {namespace: prod, rollout: pay}}
                """)
        #expect(reading.warnings.map(\.key) == ["analysis.policies[1]"])
        #expect(
            faults(of: "analysis: {unmatched: refuse}").map(\.key) == ["analysis.unmatched"])
        #expect(
            faults(
                of: """
                    analysis:
                      policies:
                        - {name: a, match: {rollout: b}}
                        - {name: a, match: {rollout: c}}
                    """
            ).map(\.key) == ["analysis.policies[1].name"])
    }
}
