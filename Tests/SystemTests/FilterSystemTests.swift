import Events
import Foundation
import JSON
import TestSupport
import Testing
import Transfer

@Suite("Filters on the command line and over HTTP", .serialized)
struct FilterSystemTests {
    private static let lines = """
        {"ts":"2026-11-23T06:00:00Z","event":"analysis.unhealthy","node":"gw","az":"a","namespace":"prod","rollout":"pay","status":"unhealthy","attempt":4,"deltas":[{"metric":"canary.5xx_rate","value":0.02},{"metric":"p99_ms","value":210}]}
        {"ts":"2026-11-23T06:00:01Z","event":"analysis.healthy","node":"gw","az":"b","namespace":"prod","rollout":"pay","status":"healthy","attempt":5,"deltas":[{"metric":"canary.5xx_rate","value":0.001}],"team":"x","tags":["blue","canary"]}
        """

    @Test("an invalid filter exits with 64 and a suggestion; HTTP answers 400 with the field")
    func endToEnd() async throws {
        let single = try await SingleNode.start("notifier", yaml: "roles: [notifier]\n")
        defer { single.end() }
        let node = single.node
        let (_, status) = try await node.post(
            "/v1/events", token: node.token("ingest"), Self.lines)
        try #require(status == 200)
        try await commands(node)
        try await http(node)
        try await silences(node)
    }

    private func run(_ node: NodeProcess, _ arguments: [String]) async throws -> (
        output: String, errors: String, exit: ChildProcess.Exit
    ) {
        let place = arguments.contains("--url") ? [] : ["--config", node.configuration]
        let child = try ChildProcess(NodeProcess.executable, arguments + place)
        let exit = try await child.waitForExit()
        return (child.output, child.errors, exit)
    }

    private func commands(_ node: NodeProcess) async throws {
        let remote = [
            "--url", node.url, "--ca-file", node.certificate, "--token-file",
            node.data + "/tokens/read",
        ]
        let refused: [([String], String)] = [
            (["query", "--where", "stauts=degraded"], "did you mean status?"),
            (["query", "--where", "(status=degraded"], "close it with )"),
            (["tail", "--where", "attempt>ten"], "attempt is a number"),
            (["query", "--where", "status=degraded, az=a"], "a comma joins nothing"),
            (
                ["query", "--where", "status=degradet", "--count-by", "az"],
                "did you mean degraded?"
            ),
            (["query", "--where", "az=a", "--where", "az=b"], "az in (a, b)"),
            (["query", "--count-by", "stauts"], "did you mean status?"),
            (["query", "--fields", "ts,,event"], "remove the comma"),
            (["tail", "--fields", "ts,rolout"], "did you mean rollout?"),
            (["query", "--where", "team=x"], "--any-field"),
        ]
        for (arguments, words) in refused {
            let local = try await run(node, ["logs"] + arguments)
            #expect(local.exit == .code(64), "\(arguments): \(local)")
            #expect(local.errors.contains(words), "\(local.errors)")
            #expect(local.output.isEmpty)
        }
        let distant = try await run(node, ["logs", "query", "--where", "stauts=degraded"] + remote)
        #expect(distant.exit == .code(64))

        let dropped = try await run(node, ["outbox", "drop", "--receiver", "typo"])
        #expect(dropped.exit == .code(1), "\(dropped)")
        #expect(dropped.errors.contains("receiver typo"))

        let selected: [([String], String)] = [
            (["--where", "deltas.value>1%", "--fields", "attempt"], "4\n"),
            (["--where", "status=healthy or deltas.value>200ms", "--fields", "attempt"], "4\n5\n"),
            (
                ["--where", "rollout=~'^pay' not az in (b) attempt>0", "--fields", "az,attempt"],
                "a\t4\n"
            ),
            (["--where", "team=x", "--any-field", "--fields", "team"], "x\n"),
            (["--where", "tags=canary", "--any-field", "--fields", "attempt"], "5\n"),
            (["--where", "tags in (canary, red)", "--any-field", "--fields", "attempt"], "5\n"),
            (["--where", "attempt>0 tags!=canary", "--any-field", "--fields", "attempt"], "4\n"),
            (["--where", "attempt>0", "--where", "az=b", "--fields", "attempt"], "5\n"),
            (["--where", "attempt=4", "--fields", "deltas.metric"], "canary.5xx_rate,p99_ms\n"),
        ]
        for (arguments, expected) in selected {
            for place in [[], remote] {
                let found = try await run(node, ["logs", "query"] + arguments + place)
                #expect(found.exit == .code(0), "\(found)")
                #expect(found.output == expected, "\(arguments + place)")
            }
        }
        let counted = try await run(
            node,
            ["logs", "query", "--where", "attempt>0", "--count-by", "deltas.metric", "--json"])
        #expect(counted.output.contains(#""total":2"#), "\(counted.output)")
        #expect(counted.output.contains(#"{"value":"canary.5xx_rate","count":2}"#))
        #expect(counted.output.contains(#"{"value":"p99_ms","count":1}"#))
        let tags = try await run(
            node,
            [
                "logs", "query", "--any-field", "--where", "attempt>0", "--count-by", "tags",
                "--json",
            ])
        #expect(tags.output.contains(#""total":2"#), "\(tags.output)")
        for row in [
            #"{"value":"blue","count":1}"#, #"{"value":"canary","count":1}"#,
            #"{"value":null,"count":1}"#,
        ] { #expect(tags.output.contains(row), "\(tags.output)") }
    }

    private func http(_ node: NodeProcess) async throws {
        let read = try node.token("read")
        for follow in ["", "&follow=true"] {
            let reply = try await node.get(
                "/v1/events?where=stauts%3Ddegraded" + follow, token: read)
            let text = String(decoding: reply.body, as: UTF8.self)
            #expect(reply.status == 400)
            #expect(text.contains(#""field":"where""#) && text.contains("did you mean status?"))
        }
        let twice = try await node.get(
            "/v1/events?where=az%3Da&where=attempt%3E0", token: read)
        #expect(twice.status == 400)
        #expect(String(decoding: twice.body, as: UTF8.self).contains("query_repeated"))
        let reply = try await node.get(
            "/v1/events?where=team%3Dx&any_field=true", token: read)
        #expect(reply.status == 200)
        #expect(String(decoding: reply.body, as: UTF8.self).contains(#""attempt":5"#))
    }

    private func silences(_ node: NodeProcess) async throws {
        let rest = ["--for", "1h", "--why", "w"]
        for (filter, words) in [
            (["namspace=prod"], "did you mean namespace?"), (["team=x"], "digest.group_by"),
            (["kind=notices"], "did you mean notice?"),
            (["rollout=pay", "rollout=shop"], "rollout in (pay, shop)"),
            (["namespace=prod", "or"], "missing"),
            ([""], "a silence of everything"),
        ] {
            let found = try await run(node, ["silence", "add"] + filter + rest)
            #expect(found.exit == .code(64), "\(filter): \(found)")
            #expect(found.errors.contains(words), "\(found.errors)")
        }
        for filter in [
            ["namespace=prod", "or", "namespace=dev"], ["az=eu west", "rollout~pay"],
            [#"namespace=prod and not rollout=~"^pay""#],
        ] {
            #expect(try await run(node, ["silence", "add"] + filter + rest).exit == .code(0))
        }
        let (admin, _) = try await node.command(
            "token", "create", "--name", "root", "--scope", "admin")
        let token = admin.trimmingCharacters(in: .whitespacesAndNewlines)
        let end = (WallClock.system.now + .seconds(3600)).rfc3339
        let until = #""until":"\#(end)","why":"w""#
        let bad = try await node.post(
            "/v1/silences", token: token, #"{"filter":"namspace=prod",\#(until)}"#,
            type: "application/json")
        #expect(bad.status == 400)
        let text = String(decoding: bad.body, as: UTF8.self)
        #expect(text.contains(#""field":"filter""#) && text.contains("did you mean namespace?"))
        let list = try await run(node, ["silence", "list", "--json"])
        for condition in [
            "(namespace=prod or namespace=dev)", #"az=\"eu west\""#,
            #"not rollout=~\"^pay\""#,
        ] {
            #expect(list.output.contains(condition), "\(list.output)")
        }
    }
}
