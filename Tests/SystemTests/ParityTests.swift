import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("Parity of callers and gateways", .serialized)
struct ParityTests {
    private func parity(
        _ node: NodeProcess, _ arguments: String...
    ) async throws -> (report: JSONValue?, exit: ChildProcess.Exit, output: String) {
        let child = try ChildProcess(
            NodeProcess.executable,
            ["parity", "--json", "--url", node.url, "--ca-file", node.certificate] + arguments)
        let exit = try await child.waitForExit()
        let report = try? JSONValue(parsing: Array(child.output.utf8), limits: .event)
        return (report, exit, child.output + child.errors)
    }

    private func differing(_ report: JSONValue?) -> Set<String> {
        guard case .array(let list)? = report?["differences"] else { return [] }
        return Set(list.compactMap { $0["field"]?.string })
    }

    @Test("two tokens of one node get the same bytes; an invalid token is refused")
    func oneNode() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess("gw-a1", engine: engine, yaml: BadInputTests.yaml)
        let fleet = Fleet()
        try fleet.start(node)
        try await node.untilReady()
        let made = try await node.command(
            "token", "create", "--name", "person", "--scope", "analysis")
        #expect(made.exit == .code(0))
        let person = node.folder.file("person")
        try made.output.write(toFile: person, atomically: true, encoding: .utf8)
        let controller = node.data + "/tokens/analysis"

        let equal = try await parity(node, "--as", controller, "--as", person)
        #expect(equal.exit == .code(0), "\(equal.output)")
        #expect(equal.report?["outcome"] == .string("equal"))
        #expect(differing(equal.report).isEmpty)
        let answers = try #require(equal.report?["answers"])
        #expect(answers[0]?["digest"] == answers[1]?["digest"])
        #expect(answers[0]?["host"] == .string("gw-a1"))
        #expect(answers[0]?["address"] == .string("127.0.0.1"))

        // The scope `read` does not permit measurements.
        let refused = try await parity(
            node, "--as", controller, "--as", node.data + "/tokens/read")
        #expect(refused.exit == .code(3), "\(refused.output)")
        #expect(refused.report?["answers"]?[1]?["refusal"]?.string?.hasPrefix("403") == true)

        let once = try await parity(node, "--as", controller)
        #expect(once.exit == .code(64))
        fleet.killAll()
    }

    @Test("two gateways behind one name: each is queried; another policy is another target")
    func gateways() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let first = try NodeProcess("gw-a1", engine: engine, yaml: BadInputTests.yaml)
        let fleet = Fleet()
        try fleet.start(first)
        try await first.untilReady()
        // One certificate and one token for the whole name, as behind a load balancer.
        let shared = """
            listen: {address: "127.0.0.1:PORT", tls: {certificate: \(first.certificate), key: \(first.data)/tls/key.pem}}
            auth: {token_files: [{path: \(first.data)/tokens/analysis, name: argo, scopes: [analysis]}]}
            """
        for (name, yaml, code, word) in [
            ("gw-b1", BadInputTests.yaml, Int32(0), "equal"),
            (
                "gw-b2",
                BadInputTests.yaml.replacingOccurrences(of: "critical: true", with: "weight: 2"),
                2, "other_target"
            ),
        ] {
            let other = try NodeProcess(name, engine: engine, yaml: "")
            let text = """
                node: \(name)
                data_dir: \(other.data)
                \(shared.replacingOccurrences(of: "PORT", with: String(other.port)))
                \(yaml)
                """
            try text.write(toFile: other.configuration, atomically: true, encoding: .utf8)
            try fleet.start(other)
            try await eventually("\(name) serves") {
                (try? await engine.http(
                    HTTPTransfer(url: other.url + "/readyz", tls: .file(first.certificate))))?
                    .status == 200
            }
            let token = first.data + "/tokens/analysis"
            let result = try await parity(
                first, "--as", token, "--as", token, "--rollout", name,
                "--resolve", "127.0.0.1:\(first.port):127.0.0.1",
                "--resolve", "127.0.0.1:\(first.port):127.0.0.1:\(other.port)")
            #expect(result.exit == .code(code), "\(result.output)")
            #expect(result.report?["outcome"] == .string(word))
            guard case .array(let answers)? = result.report?["answers"] else {
                Issue.record("no answers: \(result.output)")
                continue
            }
            #expect(answers.map { $0["host"]?.string } == ["gw-a1", "gw-a1", name, name])
            #expect(differing(result.report).contains("host"))
            #expect(differing(result.report).contains("policy") == (code == 2))
        }
        fleet.killAll()
    }
}
