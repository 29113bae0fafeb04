import Events
import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("Delivery of a running node", .serialized)
struct DeliverySystemTests {
    @Test("SIGHUP applies receivers, routes and times; a template fault is reported in a digest")
    func reload() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess(
            "notifier", engine: engine,
            yaml: """
                roles: [notifier]
                digest: {first_after: 1h, max_window: 1h, repeat: 1h}
                receivers: [{name: kept, kind: file}]
                """)
        let process = try node.start()
        defer { process.kill() }
        try await node.untilReady()
        try await Self.fail("shop", on: node)

        let folder = node.folder.file("elsewhere")
        let templates = node.folder.file("templates")
        try FileManager.default.createDirectory(
            atPath: templates, withIntermediateDirectories: true)
        try "{{#broken}}".write(
            toFile: templates + "/text.mustache", atomically: true, encoding: .utf8)
        let old = try String(contentsOfFile: node.configuration, encoding: .utf8)
        try old.replacing(
            "first_after: 1h,", with: "first_after: 100ms, window: 200ms, templates: \(templates),"
        ).replacing(
            "{name: kept, kind: file}",
            with: "{name: kept, kind: file}, {name: other, kind: file, directory: \(folder)}"
        ).write(toFile: node.configuration, atomically: true, encoding: .utf8)
        process.send(SIGHUP)

        // Events that waited under the old times are sent under the new ones, to the new receiver.
        try await eventually("the new receiver has both digests", within: .seconds(30)) {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            let texts = names.filter { $0.hasSuffix(".txt") }.compactMap {
                try? String(contentsOfFile: folder + "/" + $0, encoding: .utf8)
            }
            return texts.contains { $0.contains("shop canary failing") }
                && texts.contains { $0.contains("template.fault") && $0.contains("text.mustache") }
        }
        let (_, exit) = try await node.command("check")
        #expect(exit == .code(78))
    }

    @Test("send-test reports each step, and preview shows every format")
    func commands() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let slack = try await SlackDouble.start()
        let node = try NodeProcess(
            "notifier", engine: engine,
            yaml: """
                roles: [notifier]
                digest: {first_after: 1h, max_window: 1h, repeat: 1h}
                receivers:
                  - {name: kept, kind: file}
                  - {name: oncall, kind: slack, url: "\(slack.url)"}
                  - {name: wrong, kind: slack, url: "\(slack.url)x"}
                  - {name: page, kind: exec, command: [/bin/cat]}
                """)
        let sent = try await node.command("send-test", "oncall")
        #expect(sent.exit == .code(0))
        #expect(
            sent.output.contains("ok    failing: POST answered")
                && sent.output.contains("sent: 200 ok"))
        let samples = try slack.requests()
        #expect(samples.count == 5 && samples.allSatisfy { $0.status == 200 })
        #expect(samples.allSatisfy { $0.body.contains("Test: ") })
        let refused = try await node.command("send-test", "wrong", "--json")
        #expect(refused.exit == .code(1))
        #expect(refused.output.contains("no_service") && !refused.output.contains(slack.key))
        #expect(try await node.command("send-test", "page").exit == .code(0))
        #expect(try await node.command("send-test", "nobody").exit == .code(1))

        let process = try node.start()
        defer { process.kill() }
        try await node.untilReady()
        try await Self.fail("shop", on: node)
        let forms = [
            ("text", "shop canary failing"), ("html", "<!DOCTYPE html>"),
            ("slack-json", #""type":"header""#), ("slack", "shop canary failing"),
            ("slack-text", "shop canary failing"), ("teams", "shop canary failing"),
            ("mail", "Subject: [FAILING] shop"),
        ]
        for (form, words) in forms {
            let (shown, exit) = try await node.command(
                "digest", "preview", "--since", "9000d", "--for", form)
            #expect(exit == .code(0))
            #expect(shown.contains(words), "\(form): \(shown)")
        }
    }

    @Test("digest and outbox work from another machine with a token")
    func remote() async throws {
        let single = try await SingleNode.start(
            "notifier",
            yaml: """
                roles: [notifier]
                digest: {first_after: 100ms, window: 200ms, max_window: 1s, repeat: 1h, storm: {groups: 0}}
                receivers: [{name: page, kind: exec, command: [/bin/false]}]
                """)
        defer { single.end() }
        let node = single.node
        try await Self.fail("shop", on: node)
        let reader = [
            "--url", node.url, "--ca-file", node.certificate, "--token-file",
            node.data + "/tokens/read",
        ]
        try await eventually("the dead letter is listed", within: .seconds(30)) {
            let list = try await node.command(["outbox", "list", "--state", "dead"] + reader)
            return list.output.contains("exit code 1")
        }
        let list = try await node.command(["digest", "list"] + reader)
        #expect(list.output.contains("[FAILING] shop"), "\(list.output)")
        let id = try #require(
            list.output.split(separator: "\n").first { $0.contains("shop") }?
                .split(separator: " ").first)
        let shown = try await node.command(
            ["digest", "show", String(id), "--for", "html"] + reader)
        #expect(shown.output.contains("shop canary failing"))
        #expect(try await node.command(["outbox", "retry", "--dead"] + reader).exit == .code(1))
        let (admin, _) = try await node.command(
            "token", "create", "--name", "root", "--scope", "admin")
        try admin.write(toFile: node.folder.file("admin"), atomically: true, encoding: .utf8)
        let retried = try await node.command(
            ["outbox", "retry", "--dead", "--url", node.url, "--ca-file", node.certificate]
                + ["--token-file", node.folder.file("admin")])
        #expect(retried.exit == .code(0))
    }

    static func fail(_ rollout: String, on node: NodeProcess) async throws {
        let (_, exit) = try await node.post(
            "/v1/events", token: node.token("ingest"),
            """
            {"ts":"\(WallClock.system.now.rfc3339)","id":"\(rollout)","event":"analysis.unhealthy",\
            "level":"error","node":"gw","az":"a","namespace":"prod","rollout":"\(rollout)",\
            "revision":"1","status":"unhealthy","attempt":1}
            """)
        #expect(exit == 200)
    }
}
