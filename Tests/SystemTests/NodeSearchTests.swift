import Foundation
import JSON
import TestSupport
import Testing

/// Where a command finds its node, and that it never works in another place.
@Suite("A command's node")
struct NodeSearchTests {
    /// Every command that reads or changes a node or reads its configuration, with arguments that
    /// are valid.
    static let commands: [[String]] = [
        ["check"], ["check", "--show"], ["token", "create", "--name", "a", "--scope", "read"],
        ["token", "list"], ["token", "revoke", "t-1"], ["logs", "tail"], ["logs", "tail", "-f"],
        ["logs", "query"], ["logs", "query", "--count-by", "event"], ["logs", "stats"],
        ["logs", "verify"], ["logs", "verify", "--repair"], ["digest", "list"],
        ["digest", "show", "g1.1"], ["digest", "preview"], ["outbox", "list"],
        ["outbox", "retry", "1"], ["outbox", "retry", "--dead"], ["outbox", "drop", "1"],
        ["outbox", "drop", "--dead"], ["outbox", "drop", "--receiver", "kept"],
        ["silence", "add", "rollout=shop", "--for", "1h", "--why", "known"], ["silence", "list"],
        ["silence", "expire", "s1"], ["send-test", "kept"], ["template", "analysis"],
        ["explain", "e1"], ["explain", "--last", "shop"], ["replay"],
        ["status"], ["status", "--watch"], ["probe"], ["probe", "node"],
        ["config", "diff", "new.yaml"], ["health"], ["ack", "g1"],
        ["logs", "export", "--output", "lines.jsonl"], ["ha", "status"], ["ha", "hand-over"],
    ]

    @Test("in an empty folder every command exits with 69, prints what to do and creates nothing")
    func nothing() async throws {
        let folder = try TemporaryDirectory("nowhere")
        for arguments in Self.commands {
            let run = try await CommandRun(arguments, in: folder.path, ["HOME": folder.path])
            #expect(run.exit == .code(69), "\(arguments): \(run.errors)")
            #expect(run.errors.contains("bellwether context add"), "\(arguments): \(run.errors)")
            #expect(run.output.isEmpty, "\(arguments): \(run.output)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test("a configuration whose node never started: 69, and no data folder appears")
    func neverStarted() async throws {
        let folder = try TemporaryDirectory("unborn")
        try "node: gw\ndata_dir: ./data\n".write(
            toFile: folder.file("bellwether.yaml"), atomically: true, encoding: .utf8)
        // These read the configuration alone.
        let withoutData = ["check", "template", "probe", "config", "health"]
        for arguments in Self.commands where !withoutData.contains(arguments[0]) {
            let run = try await CommandRun(arguments, in: folder.path)
            #expect(run.exit == .code(69), "\(arguments): \(run.errors)")
            #expect(run.errors.contains(folder.file("data")), "\(arguments): \(run.errors)")
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["bellwether.yaml"])
    }

    @Test("the list of commands is complete")
    func complete() async throws {
        let run = try await CommandRun(["--experimental-dump-help"], in: "/")
        let tree = try JSONValue(
            parsing: Array(run.output.utf8), limits: JSONLimits(maxBytes: 8 << 20, maxDepth: 64))
        // These make a node or name one; `demo` plays against the embedded defaults' node, and
        // `restore` reads a bucket.
        let others: Set = ["serve", "demo", "context add", "restore"]
        let listed = Set(Self.commands.map { $0.joined(separator: " ") })
        var found = 0
        for path in Self.leaves(try #require(tree["command"]), []) where !others.contains(path) {
            found += 1
            #expect(
                listed.contains { $0 == path || $0.hasPrefix(path + " ") }, "\(path) is not listed")
        }
        #expect(found >= 20)
    }

    /// The commands with the option `--config`.
    private static func leaves(_ command: JSONValue, _ path: [String]) -> [String] {
        func list(_ value: JSONValue?) -> [JSONValue] {
            if case .array(let elements)? = value { elements } else { [] }
        }
        let below = list(command["subcommands"]).filter { $0["commandName"]?.string != "help" }
        if !below.isEmpty {
            return below.flatMap { leaves($0, path + [$0["commandName"]?.string ?? ""]) }
        }
        let names = list(command["arguments"]).flatMap { list($0["names"]) }
        let hasConfig = names.contains { $0["name"]?.string == "config" }
        return hasConfig ? [path.joined(separator: " ")] : []
    }

    // MARK: - The order

    /// Makes a data folder with a token whose name shows which folder a command read.
    private func make(_ name: String, in folder: TemporaryDirectory) async throws -> String {
        let made = try await CommandRun(["init", name], in: folder.path)
        try #require(made.exit == .code(0), "\(made.errors)")
        let file = folder.file("\(name)/bellwether.yaml")
        let token = try await CommandRun(
            ["token", "create", "--name", "of-\(name)", "--scope", "read", "--config", file],
            in: folder.path)
        try #require(token.exit == .code(0), "\(token.errors)")
        return file
    }

    /// The folder whose tokens `token list` shows.
    private func found(
        _ options: [String] = [], in folder: String, _ variables: [String: String] = [:],
        prefix: [String] = []
    ) async throws -> String {
        let run = try await CommandRun(
            ["token", "list"] + options, in: folder, variables, prefix: prefix)
        let name = run.output.split(separator: " ").first { $0.hasPrefix("of-") }
        return name.map { String($0.dropFirst(3)) } ?? "exit \(run.exit): \(run.errors)"
    }

    @Test("options come before the environment, that before the context, that before the files")
    func order() async throws {
        let folder = try TemporaryDirectory("order")
        let (option, variable) = (
            try await make("option", in: folder), try await make("variable", in: folder)
        )
        let context = try await make("context", in: folder)
        _ = try await make("here", in: folder)
        let here = folder.file("here")
        let home = ["HOME": folder.path]
        let added = try await CommandRun(
            ["context", "add", "kept", "--config", context], in: folder.path, home)
        #expect(added.exit == .code(0), "\(added.errors)")

        let all = home.merging(["BELLWETHER_CONFIG": variable]) { $1 }
        #expect(try await found(["--config", option], in: here, all) == "option")
        #expect(try await found(in: here, all) == "variable")
        #expect(try await found(in: here, home) == "context")
        #expect(try await found(in: here) == "here")
        #expect(try await found(in: here, ["BELLWETHER_CONFIG": ""]) == "here")
        // XDG_CONFIG_HOME takes precedence over HOME.
        let other = home.merging(["XDG_CONFIG_HOME": folder.file("nothing")]) { $1 }
        #expect(try await found(in: here, other) == "here")
    }

    @Test("a place that names an unusable node is not passed over")
    func decided() async throws {
        let folder = try TemporaryDirectory("decided")
        _ = try await make("here", in: folder)
        let here = folder.file("here")
        let list = ["token", "list"]
        let missing = try await CommandRun(
            list, in: here, ["BELLWETHER_CONFIG": folder.file("none.yaml")])
        #expect(missing.exit == .code(78), "\(missing.errors)")
        let gone = try await CommandRun(
            list, in: here,
            ["BELLWETHER_URL": "https://127.0.0.1:1", "BELLWETHER_TOKEN_FILE": folder.file("none")])
        #expect(gone.exit == .code(69), "\(gone.errors)")
        let unreachable = try await CommandRun(
            list, in: here,
            [
                "BELLWETHER_URL": "https://127.0.0.1:1",
                "BELLWETHER_TOKEN_FILE": here + "/data/tokens/read",
            ])
        #expect(unreachable.exit == .code(69), "\(unreachable.errors)")
        // A command that reads a configuration does not take one of another node instead.
        let template = try await CommandRun(
            ["template", "analysis"], in: here,
            [
                "BELLWETHER_URL": "https://127.0.0.1:1",
                "BELLWETHER_TOKEN_FILE": here + "/data/tokens/read",
            ])
        #expect(template.exit == .code(69), "\(template.errors)")
        #expect(template.errors.contains("BELLWETHER_URL names a running node"))
    }

    @Test(
        "a command that reads a configuration alone does not ask for a node's address or token",
        arguments: [
            ["check"], ["template", "analysis", "--url", "https://gw.example:8443"], ["replay"],
            ["send-test", "kept"],
        ])
    func configurationAlone(arguments: [String]) async throws {
        let folder = try TemporaryDirectory("file")
        let home = ["HOME": folder.path]
        let none = try await CommandRun(arguments, in: folder.path, home)
        #expect(none.exit == .code(69), "\(none.errors)")
        #expect(none.errors.contains("no configuration is named"), "\(none.errors)")
        for option in ["--url", "--token-file", "BELLWETHER_URL"] {
            #expect(!none.errors.contains(option), "\(none.errors)")
        }
        let remote = try await CommandRun(
            arguments, in: folder.path,
            home.merging(["BELLWETHER_URL": "https://127.0.0.1:1"]) { $1 })
        #expect(remote.exit == .code(69), "\(remote.errors)")
        #expect(remote.errors.contains("BELLWETHER_URL names a running node"), "\(remote.errors)")
        #expect(!remote.errors.contains("token"), "\(remote.errors)")
    }

    @Test("two nodes in one place are an error")
    func contradictions() async throws {
        let folder = try TemporaryDirectory("two")
        let url = ["--url", "https://127.0.0.1:1", "--token-file", "t"]
        for (options, variables) in [
            (url + ["--config", "c.yaml"], [:]), (["--token-file", "t"], [:]),
            ([], ["BELLWETHER_URL": "https://127.0.0.1:1", "BELLWETHER_CONFIG": "c.yaml"]),
        ] {
            let run = try await CommandRun(
                ["outbox", "list"] + options, in: folder.path, variables)
            #expect(run.exit == .code(64), "\(options) \(variables): \(run.errors)")
        }
    }

    @Test("/etc/bellwether/bellwether.yaml is used last", .enabled(if: Self.mayMount))
    func machine() async throws {
        let folder = try TemporaryDirectory("machine")
        let file = try await make("etc", in: folder)
        _ = try await make("here", in: folder)
        // A mount namespace of its own, in which /etc is another folder.
        try FileManager.default.createDirectory(
            atPath: folder.file("machine/bellwether"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: file, toPath: folder.file("machine/bellwether/bellwether.yaml"))
        let prefix = [
            "/usr/bin/unshare", "-rm", "/bin/sh", "-c",
            #"/bin/mount --bind "$0" /etc && exec "$@""#, folder.file("machine"),
        ]
        #expect(try await found(in: folder.path, prefix: prefix) == "etc")
        #expect(try await found(in: folder.file("here"), prefix: prefix) == "here")
    }

    private static let mayMount: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = ["-rm", "/bin/mount", "--bind", "/tmp", "/etc"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    @Test("a relative data_dir is found beside the configuration, and two of them are an error")
    func relative() async throws {
        let folder = try TemporaryDirectory("relative")
        let file = try await make("node", in: folder)
        let text = try String(contentsOfFile: file, encoding: .utf8)
            .replacing(#/(?m)^data_dir: .*$/#, with: "data_dir: ./data")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        try #require(text.contains("data_dir: ./data"))
        #expect(try await found(["--config", file], in: "/") == "node")
        #expect(try await found(in: folder.file("node")) == "node")
        try FileManager.default.createDirectory(
            atPath: folder.file("data/log"), withIntermediateDirectories: true)
        let two = try await CommandRun(["token", "list", "--config", file], in: folder.path)
        #expect(two.exit == .code(69), "\(two.errors)")
        #expect(two.errors.contains("both are data folders"))
    }

    @Test("reading a stopped node changes no file of its data folder")
    func unchanged() async throws {
        let folder = try TemporaryDirectory("quiet")
        let file = try await make("node", in: folder)
        let before = try Self.files(below: folder.file("node"))
        for command in [
            ["token", "list"], ["outbox", "list"], ["digest", "list"], ["silence", "list"],
            ["logs", "tail"], ["logs", "query"], ["logs", "stats"], ["digest", "preview"],
        ] {
            let run = try await CommandRun(command + ["--config", file], in: folder.path)
            #expect(run.exit == .code(0), "\(command): \(run.errors)")
        }
        #expect(try Self.files(below: folder.file("node")) == before)
    }

    private static func files(below path: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            files[name] = FileManager.default.contents(atPath: "\(path)/\(name)") ?? Data()
        }
        return files
    }
}
