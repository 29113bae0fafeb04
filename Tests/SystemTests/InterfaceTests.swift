import Foundation
import TestSupport
import Testing
import Transfer

@Suite("The description of the HTTP interface", .serialized)
struct InterfaceTests {
    private static let file = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/openapi.json")

    private static let yaml = """
        az: eu-west-1a
        allow_inline_secrets: true
        digest: {first_after: 100ms, window: 1s}
        receivers: [{name: kept, kind: file}]
        route: {receiver: kept}
        analysis:
          probes: [{name: node, kind: disk, path: /}]
          checks: [{id: gateway.disk_ok}]
          concerns: {disk: [gateway.disk_ok]}
        """

    /// With BELLWETHER_WRITE_REFERENCE=1, writes docs/openapi.json anew.
    @Test("describes every route with a sentence, and docs/openapi.json is the same")
    func document() async throws {
        let single = try await SingleNode.start(yaml: Self.yaml)
        defer { single.end() }
        let node = single.node
        let reply = try await node.get("/openapi.json")
        #expect(reply.status == 200)
        #expect(reply.header("content-type") == "application/json")
        let served = try #require(
            try JSONSerialization.jsonObject(with: Data(reply.body)) as? NSDictionary)

        if ProcessInfo.processInfo.environment["BELLWETHER_WRITE_REFERENCE"] != nil {
            let text = try JSONSerialization.data(
                withJSONObject: served,
                options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
            try (text + Data("\n".utf8)).write(to: Self.file)
        }
        let kept = try JSONSerialization.jsonObject(with: Data(contentsOf: Self.file))
        #expect(served.isEqual(kept), "run with BELLWETHER_WRITE_REFERENCE=1")

        let paths = try #require(served["paths"] as? [String: [String: [String: Any]]])
        #expect(paths.count > 25)
        for (path, methods) in paths {
            for (method, operation) in methods {
                let summary = try #require(operation["summary"] as? String)
                #expect(!summary.isEmpty, "\(method) \(path) is not in OpenAPIOperations")
            }
        }
    }

    /// Generates requests from the description for half a minute at most.
    @Test("no generated request gets an answer that is not described, or a fault of the node")
    func generated() async throws {
        let single = try await SingleNode.start(yaml: Self.yaml)
        defer { single.end() }
        let node = single.node
        let (made, _) = try await node.command(
            "token", "create", "--name", "tester", "--scope", "admin")
        let token = try #require(made.firstMatch(of: /bw_[A-Za-z0-9_-]{43}/)).output
        // A stream never ends.
        try """
        import schemathesis

        @schemathesis.hook
        def before_call(context, case, kwargs):
            case.query.pop("follow", None)
        """.write(toFile: node.folder.file("hooks.py"), atomically: true, encoding: .utf8)
        let checks = [
            "not_a_server_error", "status_code_conformance", "content_type_conformance",
            "response_schema_conformance",
        ]
        let tester = try ChildProcess(
            ProcessInfo.processInfo.environment["BELLWETHER_TEST_PYTHON"] ?? "python3",
            [
                "-m", "schemathesis.cli", "run", "\(node.url)/openapi.json",
                "--tls-verify", node.certificate, "--header", "Authorization: Bearer \(token)",
                "--checks", checks.joined(separator: ","), "--phases", "coverage,fuzzing",
                "--max-examples", "10", "--max-time", "20", "--request-timeout", "5",
                "--continue-on-failure", "--no-shrink", "--seed", "1",
                "--generation-database", "none", "--no-color", "--warnings", "off",
                "--exclude-path", "/status/events",
            ],
            environment: ["SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": node.folder.path],
            directory: node.folder.path)
        let exit = try await tester.waitForExit()
        #expect(exit == .code(0), "\(tester.output.suffix(6000))\(tester.errors.suffix(2000))")
        #expect(tester.output.contains("passed"))
    }
}
