import Events
import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

/// Programs and SDKs that send logs, as Debian and PyPI have them, against a real node.
@Suite("Log shippers at a real node", .serialized)
struct ShipperTests {
    private static let shippers =
        ProcessInfo.processInfo.environment["BELLWETHER_TEST_SHIPPERS"] ?? ""
    private static let syslogNG: String? = [
        shippers + "/usr/sbin/syslog-ng", "/usr/sbin/syslog-ng",
    ]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

    private static let rsyslogd: String? = [
        shippers + "/usr/sbin/rsyslogd", "/usr/sbin/rsyslogd",
    ]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Where the libraries of an unpacked package are.
    private static func libraries(_ root: String) -> [String: String] {
        let folders = ["x86_64-linux-gnu", "aarch64-linux-gnu"].flatMap {
            ["\(root)/usr/lib/\($0)", "\(root)/lib/\($0)"]
        }
        return [
            "LD_LIBRARY_PATH": (folders + ["\(root)/usr/lib/syslog-ng"]).joined(separator: ":")
        ]
    }

    /// Hostile for every form between a line and a JSON text.
    private static let words = (1...40).map {
        #"line \#($0) "quoted" \ back, [1], {"a":1} ü €"#
    }

    private struct Running {
        let node: NodeProcess

        func lines(_ part: String) throws -> [JSONValue] {
            try String(contentsOfFile: node.data + "/log/active.jsonl", encoding: .utf8)
                .split(separator: "\n").filter { $0.contains(part) }
                .map { try JSONValue(parsing: Array($0.utf8), limits: .event) }
                // Without what the node decided about them.
                .filter { $0["event"]?.string.flatMap(EventName.kind) != .decision }
        }
    }

    private func run(_ body: (Running) async throws -> Void) async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: BadInputTests.yaml)
        let fleet = Fleet()
        try fleet.start(node)
        try await node.untilReady()
        try await body(Running(node: node))
        fleet.killAll()
    }

    @Test(
        "syslog-ng sends lines, as it does in Debian: each once, in both forms of a batch",
        .enabled(
            if: ShipperTests.syslogNG != nil,
            "syslog-ng is not there; Scripts/test-shippers.sh fetches it"),
        arguments: [
            #"delimiter("\n")"#, #"body-prefix("[") delimiter(",") body-suffix("]")"#,
        ])
    func syslog(batch: String) async throws {
        try await run { running in
            let folder = try TemporaryDirectory()
            let program = try #require(Self.syslogNG)
            let root = program.replacing("/usr/sbin/syslog-ng", with: "")
            let modules = try #require(
                try FileManager.default.contentsOfDirectory(atPath: root + "/usr/lib/syslog-ng")
                    .first { $0.first?.isNumber == true })
            try """
            @version: \(modules)
            source app { file("\(folder.file("app.log"))" flags(no-parse) follow-freq(0.1)); };
            destination bellwether {
              http(
                url("\(running.node.url)/v1/events") method("POST")
                headers("Content-Type: application/json", "Authorization: Bearer \(running.node.token("ingest"))")
                body("$(format-json event=app.log ts=$ISODATE level=$LEVEL message=$MSG)")
                batch-lines(10) batch-timeout(200) \(batch)
                tls(ca-file("\(running.node.certificate)") peer-verify(yes)) timeout(10)
              );
            };
            log { source(app); destination(bellwether); };
            """.write(toFile: folder.file("s.conf"), atomically: true, encoding: .utf8)
            let words = Self.words
            try (words.joined(separator: "\n") + "\n").write(
                toFile: folder.file("app.log"), atomically: true, encoding: .utf8)
            let process = try ChildProcess(
                program,
                [
                    "-F", "--no-caps", "-f", folder.file("s.conf"), "-R", folder.file("persist"),
                    "-c", folder.file("ctl"), "-p", folder.file("pid"),
                    "--module-path=\(root)/usr/lib/syslog-ng/\(modules)",
                ],
                environment: Self.libraries(root))
            defer { _ = process }
            try await eventually("all lines are in the log") {
                try running.lines("app.log").count >= words.count
            }
            let lines = try running.lines("app.log")
            #expect(lines.compactMap { $0["message"]?.string } == words)
            #expect(lines.allSatisfy { $0["level"]?.string == "info" })
            #expect(lines.allSatisfy { $0["event"]?.string == "app.log" })
        }
    }

    @Test(
        "rsyslog of Debian, which has no omhttp, sends lines by omprog and curl: each once",
        .enabled(
            if: ShipperTests.rsyslogd != nil,
            "rsyslog is not there; Scripts/test-shippers.sh fetches it"))
    func rsyslog() async throws {
        try await run { running in
            let folder = try TemporaryDirectory()
            let program = try #require(Self.rsyslogd)
            let root = program.replacing("/usr/sbin/rsyslogd", with: "")
            let modules = try #require(
                ["x86_64-linux-gnu", "aarch64-linux-gnu"].map { "\(root)/usr/lib/\($0)/rsyslog" }
                    .first { FileManager.default.fileExists(atPath: $0) })
            try """
            #!/bin/sh
            echo OK
            while IFS= read -r line; do
                if printf '%s\\n' "$line" | curl -fsS --max-time 10 --cacert \(running.node.certificate) \\
                    -H 'Authorization: Bearer \(running.node.token("ingest"))' --data-binary @- \\
                    \(running.node.url)/v1/events >/dev/null 2>&1; then echo OK; else echo 'not sent'; fi
            done
            """.write(toFile: folder.file("send"), atomically: true, encoding: .utf8)
            chmod(folder.file("send"), 0o700)
            try """
            global(workDirectory="\(folder.path)" parser.escapeControlCharactersOnReceive="off")
            module(load="imfile")
            module(load="omprog")
            template(name="event" type="list" option.jsonf="on") {
              property(outname="id" name="uuid" format="jsonf")
              property(outname="ts" name="timereported" dateFormat="rfc3339" format="jsonf")
              constant(outname="event" value="app.log" format="jsonf")
              property(outname="level" name="syslogseverity" format="jsonf")
              property(outname="message" name="msg" format="jsonf")
            }
            input(type="imfile" File="\(folder.file("app.log"))" Tag="app" severity="error")
            if $syslogtag == "app" then action(
              type="omprog" template="event" binary="\(folder.file("send"))"
              confirmMessages="on" confirmTimeout="15000" action.resumeRetryCount="-1")
            """.write(toFile: folder.file("r.conf"), atomically: true, encoding: .utf8)
            try (Self.words.joined(separator: "\n") + "\n").write(
                toFile: folder.file("app.log"), atomically: true, encoding: .utf8)
            let process = try ChildProcess(
                program,
                ["-n", "-f", folder.file("r.conf"), "-i", folder.file("pid"), "-M", modules],
                environment: Self.libraries(root))
            defer { process.kill() }
            try await eventually("all lines are in the log") {
                try running.lines("app.log").count >= Self.words.count
            }
            let lines = try running.lines("app.log")
            #expect(lines.compactMap { $0["message"]?.string } == Self.words)
            #expect(lines.allSatisfy { $0["level"]?.string == "error" })
            #expect(Set(lines.compactMap { $0["id"]?.string }).count == Self.words.count)
        }
    }

    /// Runs a Python program with the test's packages.
    private func python(_ program: String, _ running: Running) async throws -> ChildProcess {
        let child = try ChildProcess(
            ProcessInfo.processInfo.environment["BELLWETHER_TEST_PYTHON"] ?? "python3",
            ["-c", program],
            environment: [
                "NODE": running.node.url, "TOKEN": running.node.token("ingest"),
                "CA": running.node.certificate,
            ])
        let exit = try await child.waitForExit()
        #expect(exit == .code(0), "\(child.errors)")
        return child
    }

    @Test("the OpenTelemetry SDK sends logs by OTLP/HTTP in JSON, gzip included")
    func openTelemetry() async throws {
        try await run { running in
            _ = try await python(
                """
                import logging, os
                from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
                from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
                from opentelemetry.sdk.resources import Resource
                from opentelemetry.exporter.otlp.json.http._log_exporter import OTLPLogExporter
                from opentelemetry.exporter.otlp.common.http import Compression
                for compression in (Compression.NONE, Compression.GZIP):
                    provider = LoggerProvider(resource=Resource.create(
                        {"service.name": "shop", "k8s.namespace.name": "prod"}))
                    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(
                        endpoint=os.environ["NODE"] + "/v1/logs",
                        certificate_file=os.environ["CA"], compression=compression,
                        headers={"Authorization": "Bearer " + os.environ["TOKEN"]})))
                    log = logging.getLogger("shop." + compression.name)
                    log.addHandler(LoggingHandler(logger_provider=provider))
                    for n in range(20):
                        log.error("payment %d refused: \\"no funds\\" ü", n,
                                  extra={"rollout": "payments-api", "attempt_of": n})
                    provider.shutdown()
                """, running)
            let lines = try running.lines("refused")
            #expect(lines.count == 40)
            #expect(
                Set(lines.compactMap { $0["message"]?.string })
                    == Set((0..<20).map { "payment \($0) refused: \"no funds\" ü" }))
            #expect(lines.allSatisfy { $0["level"]?.string == "error" })
            #expect(lines.allSatisfy { $0["namespace"]?.string == "prod" })
            #expect(lines.allSatisfy { $0["rollout"]?.string == "payments-api" })
        }
    }

    @Test("the CloudEvents SDK sends structured and binary events: the same event once")
    func cloudEvents() async throws {
        try await run { running in
            _ = try await python(
                """
                import os, ssl, urllib.request
                from cloudevents.v1.http import CloudEvent
                from cloudevents.v1.conversion import to_binary, to_structured
                context = ssl.create_default_context(cafile=os.environ["CA"])
                def send(headers, body):
                    headers = dict(headers, Authorization="Bearer " + os.environ["TOKEN"])
                    request = urllib.request.Request(
                        os.environ["NODE"] + "/v1/events", body, headers, method="POST")
                    with urllib.request.urlopen(request, context=context) as answer:
                        assert answer.status == 200, answer.status
                for n in range(10):
                    event = CloudEvent(
                        {"type": "build.failed", "source": "https://ci.example/jobs", "subject": f"job {n}",
                         "datacontenttype": "application/json"},
                        {"level": "ERROR", "rollout": "payments-api", "message": f"job {n} failed"})
                    for convert in (to_structured, to_binary):
                        headers, body = convert(event)
                        for _ in range(2):
                            send(headers, body)
                """, running)
            let lines = try running.lines("build.failed")
            #expect(lines.count == 10)
            #expect(
                Set(lines.compactMap { $0["message"]?.string })
                    == Set((0..<10).map { "job \($0) failed" }))
            #expect(lines.allSatisfy { $0["level"]?.string == "error" })
            #expect(lines.allSatisfy { $0["rollout"]?.string == "payments-api" })
            var subjects: Set<String> = []
            for line in lines {
                let envelope = try #require(line["cloudevent"])
                subjects.insert(try #require(envelope["subject"]?.string))
            }
            #expect(subjects == Set((0..<10).map { "job \($0)" }))
        }
    }
}
