import Foundation
import JSON
import TestSupport
import Transfer

/// A real `bellwether serve` process in its own folder; it can be queried, killed and restarted.
final class NodeProcess: Sendable {
    /// `$BELLWETHER_TEST_EXECUTABLE`, such as a release build, else the executable that was built next
    /// to the tests.
    static let executable =
        ProcessInfo.processInfo.environment["BELLWETHER_TEST_EXECUTABLE"] ?? built("bellwether")

    /// Returns the path of an executable of the package, built next to the tests.
    static func built(_ name: String) -> String {
        let tests = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
        let folder =
            (tests ?? Bundle.main.executableURL ?? Bundle.main.bundleURL)
            .deletingLastPathComponent()
        return folder.appendingPathComponent(name).path
    }

    let name: String
    let folder: TemporaryDirectory
    let port: Int
    private let engine: TransferEngine

    var url: String { "https://127.0.0.1:\(port)" }
    var data: String { folder.file("data") }
    var configuration: String { folder.file("bellwether.yaml") }
    var certificate: String { data + "/tls/certificate.pem" }

    /// Writes the configuration: `yaml` after `node`, `data_dir` and `listen`.
    init(_ name: String, engine: TransferEngine, yaml: String) throws {
        self.name = name
        self.engine = engine
        folder = try TemporaryDirectory("bellwether-\(name)")
        port = try FreePort.take()
        let head = """
            node: \(name)
            data_dir: \(folder.file("data"))
            listen:
              address: "127.0.0.1:\(port)"
              # Tests ask faster than any controller.
              limits: {measurements_per_second: 10000, measurements_burst: 10000}

            """
        try (head + yaml).write(
            toFile: folder.file("bellwether.yaml"), atomically: true, encoding: .utf8)
    }

    /// Starts the process; returns before it serves.
    func start(
        as executable: String = NodeProcess.executable, environment: [String: String?] = [:]
    ) throws -> ChildProcess {
        // A deliberate crash needs no backtrace, which takes seconds.
        try ChildProcess(
            executable, ["serve", "--config", configuration],
            environment: environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 })
    }

    /// Waits until `/readyz` answers.
    func untilReady() async throws {
        try await eventually("\(name) serves") {
            guard FileManager.default.fileExists(atPath: self.certificate) else { return false }
            return (try? await self.get("/readyz"))?.status == 200
        }
    }

    func token(_ name: String) throws -> String {
        try String(contentsOfFile: data + "/tokens/" + name, encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func get(_ path: String, token: String? = nil) async throws -> HTTPReply {
        let request = HTTPTransfer(
            url: url + path, headers: token.map { [("Authorization", "Bearer \($0)")] } ?? [],
            maxBody: 64 << 20, tls: .file(certificate))
        // The first request on a connection from before a kill fails.
        do { return try await engine.http(request) } catch {
            return try await engine.http(request)
        }
    }

    func post(
        _ path: String, token: String, _ body: String, type: String = "application/x-ndjson",
        headers: [(String, String)] = []
    ) async throws -> (body: [UInt8], status: Int) {
        let reply = try await engine.http(
            HTTPTransfer(
                url: url + path, method: "POST",
                headers: [("Content-Type", type), ("Authorization", "Bearer \(token)")] + headers,
                body: Array(body.utf8), tls: .file(certificate)))
        return (reply.body, reply.status)
    }

    /// Sends a body to the measurement endpoint as Argo does.
    func measure(
        _ body: String, path: String = "/rollouts/analysis", token: String? = nil
    ) async throws -> HTTPReply {
        try await engine.http(
            HTTPTransfer(
                url: url + path, method: "POST",
                headers: [
                    ("Content-Type", "application/json"),
                    ("Authorization", "Bearer \(try token ?? self.token("analysis"))"),
                ],
                body: Array(body.utf8), tls: .file(certificate)))
    }

    /// Runs a bellwether command with this node's configuration, unless it names a node by address.
    func command(_ arguments: String...) async throws -> (output: String, exit: ChildProcess.Exit) {
        try await command(arguments)
    }

    func command(_ arguments: [String]) async throws -> (output: String, exit: ChildProcess.Exit) {
        let place = arguments.contains("--token-file") ? [] : ["--config", configuration]
        let child = try ChildProcess(Self.executable, arguments + place)
        let exit = try await child.waitForExit()
        return (child.output, exit)
    }

    /// Every line of the log, in order.
    func stored() async throws -> String {
        let reply = try await get(
            "/v1/events?limit=10000&since=2020-01-01T00:00:00Z", token: token("read"))
        guard reply.status == 200 else { throw NotStored(status: reply.status) }
        return String(decoding: reply.body, as: UTF8.self)
    }

    private struct NotStored: Error { let status: Int }

    /// The digests that the receiver of the kind `file` has kept.
    func kept() throws -> [String] {
        let files = FileManager.default.enumerator(
            at: URL(fileURLWithPath: data + "/outgoing"), includingPropertiesForKeys: nil)
        return (files?.allObjects as? [URL] ?? []).compactMap {
            try? String(contentsOf: $0, encoding: .utf8)
        }
    }
}

extension ObjectStore {
    /// The section `bucket` of a configuration, with one node's or pair's prefix.
    func section(_ prefix: String, endpoint: String? = nil, ship: String = "200ms") -> String {
        """
        bucket:
          url: "s3://\(Self.bucket)/\(prefix)"
          endpoint: "\(endpoint ?? self.endpoint)"
          ship: \(ship)
          credentials:
            access_key: \(Self.accessKey)
            secret_key: "\(Self.secretKey)"

        """
    }
}
