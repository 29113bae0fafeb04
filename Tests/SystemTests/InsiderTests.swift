import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

/// Attacks on running nodes by the holder of a credential or of an account on the host.
@Suite("Insiders", .serialized)
struct InsiderTests {
    private static func failing(_ folder: TemporaryDirectory) throws -> String {
        let report = folder.file("report.json")
        try #"{"error_rate": 0.02}"#.write(toFile: report, atomically: true, encoding: .utf8)
        return """
            analysis:
              probes: [{name: doctor, kind: file, path: \(report), max_age: 1h}]
              checks: [{id: doctor.error_rate, warn: 0.005, fail: 0.01, critical: true}]
              concerns: {}
            """
    }

    private static func body(_ attempt: Int) -> String {
        #"{"rollout":"shop","namespace":"prod","revision":"7","attempt":"\#(attempt)"}"#
    }

    // MARK: - Lines with another node's name

    @Test("a verdict forged with an ingest token is refused, and is not served after a kill")
    func forgedVerdict() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let folder = try TemporaryDirectory("forged")
        let node = try NodeProcess("gw-a1", engine: engine, yaml: try Self.failing(folder))
        let fleet = Fleet()
        defer { fleet.killAll() }
        try fleet.start(node)
        try await node.untilReady()
        let first = try await node.measure(Self.body(1))
        #expect(first.status == 200)
        let lines = try await node.get(
            "/v1/events?where=status%3Dunhealthy", token: node.token("read"))
        let own = try #require(
            String(decoding: lines.body, as: UTF8.self).split(separator: "\n").last)
        // The same line as healthy, as the next attempt, and with no or another sequence number.
        let healthy = String(own).replacing("unhealthy", with: "healthy")
            .replacing(#""attempt":1"#, with: #""attempt":2"#)
            .replacing(#""n":1"#, with: #""n":2"#).replacing("\\\"n\\\":1", with: "\\\"n\\\":2")
        let unnumbered = healthy.replacing(/"epoch":"[^"]*","seq":\d+,/, with: "")
            .replacing(/"id":"[^"]*"/, with: #""id":"forged""#)
        let renumbered = healthy.replacing(/"seq":\d+,/, with: #""seq":4000,"#)
        for forged in [unnumbered, renumbered] {
            let taken = try await node.post("/v1/events", token: node.token("ingest"), forged)
            #expect(taken.status == 409)
            #expect(String(decoding: taken.body, as: UTF8.self).contains("node_name_taken"))
        }

        try await fleet.kill(node)
        try fleet.start(node)
        try await node.untilReady()
        // The attempt from before the kill gets the same bytes.
        #expect(try await node.measure(Self.body(1)).body == first.body)
        let next = try Answer(try await node.measure(Self.body(2)))
        #expect(next.status == "unhealthy")
        // None of the forged lines is in the log.
        let (refused, _) = try await node.command(
            "logs", "query", "--where", "status=healthy", "--json")
        #expect(refused.isEmpty)
    }

    @Test("a gateway with the notifier's name loses nothing: its lines wait, and it reports why")
    func twins() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let folder = try TemporaryDirectory("twins")
        let notifier = try NodeProcess("twin", engine: engine, yaml: "roles: [notifier]\n")
        let gateway = try NodeProcess(
            "twin", engine: engine,
            yaml: """
                roles: [gateway]
                forward:
                  to: "\(notifier.url)"
                  token_file: \(notifier.data)/tokens/ingest
                  ca_file: \(notifier.certificate)
                  retry_ceiling: 200ms

                """ + Self.failing(folder))
        let processes = Fleet()
        defer { processes.killAll() }
        try processes.start(notifier)
        try await notifier.untilReady()
        let child = try gateway.start()
        defer { child.kill() }
        try await gateway.untilReady()
        #expect(try await gateway.measure(Self.body(1)).status == 200)
        try await eventually("the gateway says why") {
            let ready = try await gateway.get("/readyz", token: gateway.token("read"))
            return String(decoding: ready.body, as: UTF8.self).contains("has this node's name")
        }
        // Without a credential, the response shows neither why forwarding fails nor its target.
        let open = String(decoding: try await gateway.get("/readyz").body, as: UTF8.self)
        #expect(open.contains("forward:notifier") && open.contains("warn"))
        #expect(!open.contains("\(notifier.port)") && !open.contains("name"))

        // Rename one of the two.
        try await processes.kill(notifier)
        let other = try String(contentsOfFile: notifier.configuration, encoding: .utf8)
        try other.replacing("node: twin", with: "node: notifier")
            .write(toFile: notifier.configuration, atomically: true, encoding: .utf8)
        try processes.start(notifier)
        try await notifier.untilReady()
        try await eventually("the verdict arrives") {
            let lines = try await notifier.get(
                "/v1/events?where=status%3Dunhealthy", token: notifier.token("read"))
            return String(decoding: lines.body, as: UTF8.self).contains(#""rollout":"shop""#)
        }
    }

    // MARK: - Expired and revoked credentials

    private static func stream(
        _ node: NodeProcess, _ path: String, _ header: String
    ) async throws -> ChildProcess {
        let child = try ChildProcess(
            "curl", ["-sN", "--cacert", node.certificate, "-H", header, node.url + path])
        _ = try await child.line { $0.hasPrefix(":") || $0.hasPrefix("retry:") }
        return child
    }

    private static func form(
        _ node: NodeProcess, _ engine: TransferEngine, _ path: String, _ body: String,
        cookie: String? = nil
    ) async throws -> HTTPReply {
        var headers = [
            ("Content-Type", "application/x-www-form-urlencoded"), ("Origin", node.url),
        ]
        if let cookie { headers.append(("Cookie", cookie)) }
        return try await engine.http(
            HTTPTransfer(
                url: node.url + path, method: "POST", headers: headers, body: Array(body.utf8),
                tls: .file(node.certificate)))
    }

    private static func signIn(
        _ node: NodeProcess, _ engine: TransferEngine, _ token: String
    ) async throws -> String {
        let reply = try await form(node, engine, "/sign-in", "token=\(token)")
        #expect(reply.status == 303)
        return String(try #require(reply.header("set-cookie")).prefix { $0 != ";" })
    }

    private static func page(
        _ node: NodeProcess, _ engine: TransferEngine, _ cookie: String
    ) async throws -> String {
        let reply = try await engine.http(
            HTTPTransfer(
                url: node.url + "/", headers: [("Cookie", cookie)], tls: .file(node.certificate)))
        return String(decoding: reply.body, as: UTF8.self)
    }

    @Test(
        "sessions, followers and status streams end with their credential",
        arguments: ["revoked", "expired", "file changed", "file removed", "reload"])
    func ended(how: String) async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let folder = try TemporaryDirectory("ended")
        let file = folder.file("readers")
        try "reader-secret-of-the-mount\n".write(toFile: file, atomically: true, encoding: .utf8)
        let node = try NodeProcess(
            "notifier", engine: engine,
            yaml: """
                roles: [notifier]
                auth: {token_files: [{path: \(file), name: mounted, scopes: [read]}]}
                """)
        let child = try node.start()
        defer { child.kill() }
        try await node.untilReady()
        var token = "reader-secret-of-the-mount"
        if how == "revoked" || how == "expired" {
            let made = try await node.command(
                "token", "create", "--name", "watcher", "--scope", "read",
                "--expires", how == "expired" ? "20s" : "1d")
            token = String(try #require(made.output.firstMatch(of: /bw_[A-Za-z0-9_-]+/)).0)
        }
        let cookie = try await Self.signIn(node, engine, token)
        let streams = [
            try await Self.stream(
                node, "/v1/events?follow=true", "Authorization: Bearer \(token)"),
            try await Self.stream(node, "/status/events", "Cookie: \(cookie)"),
            try await Self.stream(node, "/status/events", "Authorization: Bearer \(token)"),
        ]
        defer { for stream in streams { stream.kill() } }
        #expect(!(try await Self.page(node, engine, cookie)).contains("action=\"/sign-in\""))

        switch how {
        case "revoked":
            let list = try await node.command("token", "list", "--json").output
            let id = try #require(
                list.firstMatch(of: /"id":"([^"]+)"[^}]*"name":"watcher"/)
                    ?? list.firstMatch(of: /"name":"watcher"[^}]*"id":"([^"]+)"/)
            ).1
            _ = try await node.command("token", "revoke", "\(id)")
        case "expired": break
        case "file changed":
            try "another-secret-of-the-mount\n"
                .write(toFile: file, atomically: true, encoding: .utf8)
        case "file removed": try FileManager.default.removeItem(atPath: file)
        default:
            let settings = try String(contentsOfFile: node.configuration, encoding: .utf8)
            try settings.split(separator: "\n").filter { !$0.hasPrefix("auth:") }
                .joined(separator: "\n")
                .write(toFile: node.configuration, atomically: true, encoding: .utf8)
            child.send(SIGHUP)
        }
        // The limit only distinguishes an ended stream from one that would last as long as the
        // node.
        for stream in streams {
            #expect(try await stream.waitForExit(within: .seconds(60)) != .code(-1))
        }
        try await eventually("the session is over") {
            try await Self.page(node, engine, cookie).contains("action=\"/sign-in\"")
        }
    }

    @Test("signing out ends the session on the server, and its streams")
    func signedOut() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("notifier", engine: engine, yaml: "roles: [notifier]\n")
        let fleet = Fleet()
        defer { fleet.killAll() }
        try fleet.start(node)
        try await node.untilReady()
        let cookie = try await Self.signIn(node, engine, node.token("read"))
        let other = try await Self.signIn(node, engine, node.token("read"))
        let stream = try await Self.stream(node, "/status/events", "Cookie: \(cookie)")
        let goesOn = try await Self.stream(node, "/status/events", "Cookie: \(other)")
        defer { goesOn.kill() }
        #expect(try await Self.form(node, engine, "/sign-out", "", cookie: cookie).status == 200)
        // A copy of the cookie is no longer valid.
        #expect(try await Self.page(node, engine, cookie).contains("action=\"/sign-in\""))
        _ = try await stream.waitForExit(within: .seconds(60))
        #expect(!(try await Self.page(node, engine, other)).contains("action=\"/sign-in\""))
        #expect(goesOn.isRunning)
    }

    // MARK: - Files and processes

    #if os(Linux)
        @Test("a command that outlives a killed node keeps neither its port nor its folder")
        func orphan() async throws {
            let engine = TransferEngine(telemetry: .silent)
            defer { engine.shutdown() }
            let folder = try TemporaryDirectory("orphan")
            let script = folder.file("slow.sh")
            try
                "ls /proc/$$/fd > \(folder.file("fds"))\necho $$ > \(folder.file("pid"))\nexec sleep 600\n"
                .write(toFile: script, atomically: true, encoding: .utf8)
            let node = try NodeProcess(
                "gw-a1", engine: engine,
                yaml: """
                    analysis:
                      budget: 60s
                      interval: 5m
                      probes: [{name: slow, kind: command, command: [/bin/sh, \(script)], timeout: 50s}]
                      checks: [{id: gateway.slow_ok, critical: true}]
                      concerns: {}
                    """)
            let fleet = Fleet()
            defer { fleet.killAll() }
            try fleet.start(node)
            try await node.untilReady()
            let asked = Task { try? await node.measure(Self.body(1)) }
            try await eventually("the command runs") {
                FileManager.default.fileExists(atPath: folder.file("pid"))
            }
            try await fleet.kill(node)
            _ = await asked.value
            let text = try String(contentsOfFile: folder.file("pid"), encoding: .utf8)
            let pid = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            defer { kill(pid, SIGKILL) }
            #expect(kill(pid, 0) == 0, "it outlived the node")
            try fleet.start(node)
            try await node.untilReady()
            let descriptors = try String(contentsOfFile: folder.file("fds"), encoding: .utf8)
                .split(separator: "\n")
            // The shell uses descriptors from 10 for the script that it reads.
            #expect(descriptors.compactMap { Int($0) }.filter { $0 < 10 } == [0, 1, 2])
        }
    #endif

    @Test("a start restricts the permissions of an open data folder and of all files in it")
    func folderModes() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: BadInputTests.yaml)
        let manager = FileManager.default
        try manager.createDirectory(atPath: node.data, withIntermediateDirectories: true)
        try manager.setAttributes([.posixPermissions: 0o777], ofItemAtPath: node.data)
        // Use the most permissive umask that a service can inherit.
        let child = try ChildProcess(
            "/bin/sh",
            [
                "-c", #"umask 0; exec "$0" serve --config "$1""#, NodeProcess.executable,
                node.configuration,
            ])
        defer { child.kill() }
        try await node.untilReady()
        #expect(try await node.measure(#"{"rollout":"shop"}"#).status == 200)
        #expect((child.output + child.errors).contains("was open to others"))
        func mode(_ path: String) throws -> Int {
            try #require(
                manager.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
            ).intValue
        }
        #expect(try mode(node.data) == 0o700)
        let files = try #require(manager.enumerator(atPath: node.data)).compactMap { $0 as? String }
        #expect(files.contains("state.sqlite-wal") && files.contains("log/active.jsonl"))
        for file in files where file != "tls/certificate.pem" {
            #expect(try mode(node.data + "/" + file) & 0o077 == 0, "\(file)")
        }
    }

    @Test("a first start that is killed leaves a node whose token files work", arguments: 0..<4)
    func killedFirstStart(files: Int) async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: BadInputTests.yaml)
        let fleet = Fleet()
        defer { fleet.killAll() }
        try fleet.start(node)
        // Kill as soon as this many token files, complete or partial, exist.
        let tokens = node.data + "/tokens"
        while ((try? FileManager.default.contentsOfDirectory(atPath: tokens))?.count ?? -1) < files
        { await Task.yield() }
        try await fleet.kill(node)
        try fleet.start(node)
        try await node.untilReady()
        #expect(try await node.measure(#"{"rollout":"shop"}"#).status == 200)
        #expect(try await node.get("/v1/events", token: node.token("read")).status == 200)
        let sent = try await node.post(
            "/v1/events", token: node.token("ingest"),
            #"{"event":"a","ts":"2026-11-23T06:00:00Z"}"#)
        #expect(sent.status == 200)
    }

    @Test("a token given in place of a file name is not repeated in any output")
    func misplacedToken() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess(
            "gw-a1", engine: engine,
            yaml: """
                roles: [gateway]
                forward: {to: "https://127.0.0.1:1", token_file: bw_vJ3mX0S9q8N2r7T1kLw5Zy4Hc6}
                """)
        let commands = [
            ["check"], ["check", "--json"], ["check", "--show"], ["serve"],
            [
                "logs", "tail", "--url", "https://127.0.0.1:1", "--token-file",
                "bw_vJ3mX0S9q8N2r7T1kLw5Zy4Hc6",
            ],
        ]
        for arguments in commands {
            let child = try ChildProcess(
                NodeProcess.executable, arguments + ["--config", node.configuration])
            #expect(try await child.waitForExit() != .code(0))
            #expect(!(child.output + child.errors).contains("vJ3mX0S9"), "\(arguments)")
        }
    }

    @Test("a refused reload keeps the current certificate")
    func refusedReload() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let folder = try TemporaryDirectory("reload")
        let certificate = try await TestCertificate.make(in: folder)
        let file = folder.file("tokens")
        try "reader-secret-of-the-mount\n".write(toFile: file, atomically: true, encoding: .utf8)
        let port = try FreePort.take()
        let configuration = folder.file("bellwether.yaml")
        try """
        node: gw-a1
        data_dir: \(folder.file("data"))
        listen:
          address: "127.0.0.1:\(port)"
          tls: {certificate: "\(certificate.certificate)", key: "\(certificate.key)"}
        auth: {token_files: ["\(file)"]}
        \(BadInputTests.yaml)
        """.write(toFile: configuration, atomically: true, encoding: .utf8)
        let node = try ChildProcess(NodeProcess.executable, ["serve", "--config", configuration])
        defer { node.kill() }
        @Sendable func days() async throws -> Double {
            let shown = try await engine.certificate(
                host: "127.0.0.1", port: port, trust: .insecure, deadline: .seconds(20))
            return (Double(shown.expires) - Date().timeIntervalSince1970) / 86_400
        }
        try await eventually("the node serves") { (try? await days()) != nil }
        let renewed = try await TestCertificate.make(in: folder, name: "renewed", days: 90)
        for (from, to) in [
            (renewed.key, certificate.key), (renewed.certificate, certificate.certificate),
        ] {
            try FileManager.default.removeItem(atPath: to)
            try FileManager.default.moveItem(atPath: from, toPath: to)
        }
        try "short\n".write(toFile: file, atomically: true, encoding: .utf8)
        node.send(SIGHUP)
        try await eventually("the reload is refused") {
            (node.output + node.errors).contains("reload refused")
        }
        #expect(try await days() < 10)
        try "reader-secret-of-the-mount\n".write(toFile: file, atomically: true, encoding: .utf8)
        node.send(SIGHUP)
        try await eventually("the next one is taken") { try await days() > 80 }
    }
}
