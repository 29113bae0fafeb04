import Events
import Foundation
import JSON
import TestSupport
import Testing

@testable import Rehearsal

@Suite("Weights set by a command, and a Rollout through kubectl", .serialized)
struct BalancerTests {
    private func executable(_ folder: TemporaryDirectory, _ name: String, _ text: String) throws
        -> String
    {
        let path = folder.file(name)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    @Test("a command reads and sets weights; its exit code decides")
    func command() async throws {
        let folder = try TemporaryDirectory("bw-command")
        let path = try executable(
            folder, "weights",
            """
            #!/bin/sh
            cd '\(folder.path)'
            case $1 in
            get) echo "{\\"stable\\":80,\\"canary\\":$(cat canary)}" ;;
            set) [ "$2" = canary ] || { echo "no target $2"; exit 3; }; echo "$3" >canary ;;
            esac
            """)
        try "20".write(toFile: folder.file("canary"), atomically: true, encoding: .utf8)
        let balancer = try BalancerSource.command(path: path).balancer()
        #expect(try await balancer.weights() == [Weight("stable", 80), Weight("canary", 20)])
        try await balancer.set("canary", to: 0)
        #expect(try await balancer.weights() == [Weight("stable", 80), Weight("canary", 0)])
        do {
            try await balancer.set("other", to: 0)
            Issue.record("a failing command was believed")
        } catch {
            #expect("\(error)".contains("exit code 3 no target other"))
        }
    }

    @Test("an HTTP document is read by JSON pointers and written back with one number changed")
    func http() async throws {
        let folder = try TemporaryDirectory("bw-http")
        let script = try executable(
            folder, "server.py",
            """
            import http.server, json
            doc = {"routes": [{"name": "a/b", "weight": "80"}, {"weight": 20, "keep": 1.50}]}
            class H(http.server.BaseHTTPRequestHandler):
                def answer(self):
                    body = json.dumps(doc).encode()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                do_GET = answer
                def do_PUT(self):
                    global doc
                    doc = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                    self.answer()
                def log_message(self, *a): pass
            s = http.server.HTTPServer(("127.0.0.1", 0), H)
            print(s.server_address[1], flush=True)
            s.serve_forever()
            """)
        let server = try ChildProcess("python3", [script])
        let port = try await server.line()
        let balancer = try BalancerSource.http(
            url: "http://127.0.0.1:\(port)/", method: "PUT",
            pointers: ["stable": "/routes/0/weight", "canary": "/routes/1/weight"], caFile: ""
        ).balancer()
        #expect(try await balancer.weights() == [Weight("canary", 20), Weight("stable", 80)])
        try await balancer.set("canary", to: 0)
        try await balancer.set("stable", to: 100)
        #expect(try await balancer.weights() == [Weight("canary", 0), Weight("stable", 100)])
        let missing = try BalancerSource.http(
            url: "http://127.0.0.1:\(port)/", method: "PUT", pointers: ["x": "/routes/7/weight"],
            caFile: ""
        ).balancer()
        await #expect(throws: RehearsalFault.self) { try await missing.weights() }
        server.kill()
    }

    private func facts(argo: String, pods: Int = 3) -> RolloutFacts {
        RolloutFacts(
            namespace: "prod", name: "payments-api", uid: "u", revision: "17",
            stableHash: "aaa", canaryHash: "bbb", step: 2, phase: "Progressing",
            isAborted: false, stablePods: pods, argo: argo)
    }

    @Test("an Argo before 1.8.2, one of unknown version, and no stable pod are obstacles")
    func obstacles() {
        let bookmark = Bookmark(
            name: "n", takenAt: .init(milliseconds: 0), source: nil, weights: [], canary: [],
            shifts: false, probe: nil, rollout: facts(argo: "1.9.1"), minStablePods: 1)
        func obstacle(_ facts: RolloutFacts) -> String? {
            State(weights: [], rollout: facts).obstacle(bookmark)
        }
        for argo in ["1.8.2", "1.9.1", "1.10.0", "2.0.0-rc1"] {
            #expect(obstacle(facts(argo: argo)) == nil, "\(argo)")
        }
        for argo in ["1.8.1", "1.7.9", "0.9.9"] {
            #expect(obstacle(facts(argo: argo))?.contains("promotes") == true, "\(argo)")
        }
        for argo in ["", "latest", "1.9"] {
            #expect(obstacle(facts(argo: argo))?.contains("cannot be read") == true, "\(argo)")
        }
        #expect(obstacle(facts(argo: "1.9.1", pods: 0))?.contains("stable replica set") == true)
    }
}
